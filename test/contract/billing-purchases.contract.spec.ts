import { setTimeout as sleep } from 'node:timers/promises';
import type { BrandId } from '../../libs/kernel/brand-id';
import { daysAfter } from '../../libs/kernel/clock';
import { newId } from '../../libs/kernel/id';
import type { Invoice, Payment } from '../../src/billing/domain/facts';
import type { PurchaseState } from '../../src/billing/domain/purchase';
import { Customers } from '../../src/billing/ports/customers';
import { Drifts } from '../../src/billing/ports/drifts';
import { Purchases } from '../../src/billing/ports/purchases';
import { allBrands } from '../../src/identity';
import { aCustomer, aLicenseKey, aPurchase, inDays, noon } from '../fixtures/aggregates';
import { aTenant, contractOf } from './contract';

const anInvoice = (part: Partial<Invoice> = {}): Invoice => ({
  id: 'in_1',
  status: 'paid',
  periodEnd: inDays(30),
  amountDue: 4_999_999_999,
  amountPaid: 0,
  currency: 'usd',
  actionUrl: null,
  createdAt: noon,
  ...part,
});
const aPayment = (part: Partial<Payment> = {}): Payment => ({ id: 'pi_1', refunded: false, dispute: 'none', ...part });

contractOf(Purchases, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const run = <T>(work: () => Promise<T>, reach = brandId) => house().work.run(reach, work);
  const save = async (part: Partial<PurchaseState> = {}) => {
    const purchase = aPurchase({ brandId, id: newId(), ...part });
    await run(() => house().purchases.save(purchase));
    return purchase.state;
  };
  const hold = (subject: string, at = noon) => run(async () => (await house().purchases.hold(brandId, subject, 'subscription', at)).state);
  const found = (subject: string, reach = brandId) => run(() => house().purchases.ofSubject(reach, subject), reach);

  it('gives back what was saved, with its invoices and payments in the order of their names', async () => {
    const key = aLicenseKey({ brandId, hash: Buffer.from(newId()) });
    await run(() => house().keys.save(key));
    const saved = await save({
      ...{ kind: 'payment', customerId: 'cus_1', customerEmail: 'jane@example.com', planCode: 'pro', status: 'past_due', paused: true },
      ...{ renews: true, priceId: 'price_1', quantity: 7, trialEnd: inDays(1), periodEnd: inDays(2), endedAt: inDays(3), asOf: inDays(4) },
      ...{ lookedAt: inDays(5), licenseKeyId: key.state.id, version: 3, updatedAt: inDays(6) },
      done: {
        ...{ planId: newId(), bought: { grants: [], graceDays: 7 }, quantity: 7, graceDays: 3 },
        ...{ until: inDays(2).toISOString(), status: 'suspended', suspended: [newId()] },
      },
      invoices: [anInvoice({ id: 'in_2', status: 'failed', actionUrl: 'https://pay.example/2', periodEnd: null }), anInvoice()],
      payments: [aPayment({ id: 'pi_2', refunded: true, dispute: 'lost' }), aPayment()],
    });
    const expected = { ...saved, invoices: [...saved.invoices].reverse(), payments: [...saved.payments].reverse() };
    for (const state of [
      await found('sub_1'),
      await hold('sub_1'),
      await run(() => house().purchases.find(brandId, saved.id)),
      await run(() => house().purchases.ofPayment(brandId, 'pi_2')),
      await run(() => house().purchases.ofKey(brandId, key.state.id)),
      ...(await run(() => house().purchases.ofCustomer(brandId, 'cus_1'))),
      ...(await run(() => house().purchases.page(brandId, null, 9))),
    ]) {
      expect(state).toEqual(expected);
    }
  });

  it('gives back one of which nothing is known', async () => {
    const saved = await save();
    expect(await found('sub_1')).toEqual(saved);
  });

  it('has none that is not there, nor one of another brand', async () => {
    const saved = await save({ customerId: 'cus_1', payments: [aPayment()] });
    const other = await aTenant(house());
    expect(await found('sub_2')).toBeNull();
    for (const [reach, subject, payment] of [
      [brandId, 'sub_2', 'pi_2'],
      [other, 'sub_1', 'pi_1'],
    ] as const) {
      const { purchases } = house();
      expect(await found(subject, reach)).toBeNull();
      expect(await run(() => purchases.ofPayment(reach, payment), reach)).toBeNull();
      expect(await run(() => purchases.ofKey(reach, newId()), reach)).toBeNull();
      expect(await run(() => purchases.find(reach, reach === other ? saved.id : newId()), reach)).toBeNull();
      expect(await run(() => purchases.ofCustomer(reach, reach === other ? 'cus_1' : 'cus_2'), reach)).toEqual([]);
      expect(await run(() => purchases.page(reach, reach === other ? null : 'sub_1', 9), reach)).toEqual([]);
    }
  });

  it('makes the purchase that nobody has heard of, and holds it', async () => {
    expect(await hold('sub_1')).toEqual({ ...aPurchase({ brandId }).state, id: expect.any(String) });
    const { id } = (await found('sub_1'))!;
    expect(await hold('sub_1', inDays(1))).toMatchObject({ id, createdAt: noon });
  });

  it('makes one when many reach for it at once, and lets them change it one after the other', async () => {
    for (let round = 0; round < 5; round++) {
      const subject = `sub_${round}`;
      const add = () =>
        run(async () => {
          const purchase = await house().purchases.hold(brandId, subject, 'payment', noon);
          purchase.fulfilled(null as never, inDays(1));
          purchase.releaseEvents();
          await house().purchases.save(purchase);
          return purchase.state.id;
        });
      const ids = await Promise.all(Array.from({ length: 6 }, add));
      expect(new Set(ids).size).toBe(1);
      expect(await found(subject)).toMatchObject({ version: 7 });
    }
  });

  it('keeps a change, and of its invoices and payments those that it has', async () => {
    await save({ invoices: [anInvoice({ status: 'open' }), anInvoice({ id: 'in_0' })], payments: [aPayment()] });
    await run(async () => {
      const { state } = await house().purchases.hold(brandId, 'sub_1', 'subscription', noon);
      const changed = { invoices: [anInvoice({ amountPaid: 12 }), anInvoice({ id: 'in_2' })], payments: [aPayment({ refunded: true })] };
      await house().purchases.save(aPurchase({ ...state, ...changed, status: 'active', lookedAt: inDays(1), version: 2 }));
    });
    const invoices = [anInvoice({ amountPaid: 12 }), anInvoice({ id: 'in_2' })];
    const state = { status: 'active', lookedAt: inDays(1), version: 2, invoices, payments: [aPayment({ refunded: true })] };
    expect(await found('sub_1')).toMatchObject(state);
  });

  it('keeps what two purchases tell of invoices of one name apart', async () => {
    await save({ invoices: [anInvoice()], payments: [aPayment()] });
    await save({ subject: 'sub_2', invoices: [anInvoice({ status: 'void' })], payments: [] });
    expect(await found('sub_1')).toMatchObject({ invoices: [{ status: 'paid' }], payments: [{ id: 'pi_1' }] });
    expect(await found('sub_2')).toMatchObject({ invoices: [{ status: 'void' }], payments: [] });
  });

  it('names those that were not looked up, those untouched for longest first', async () => {
    await save({ subject: 'sub_looked', lookedAt: noon });
    for (const days of [2, 1, 3]) await save({ subject: `sub_${days}`, updatedAt: daysAfter(noon, -days) });
    const names = [3, 2, 1].map((days) => ({ brandId, subject: `sub_${days}` }));
    expect(await run(() => house().purchases.notLookedUp(brandId, 9))).toEqual(names);
    expect(await run(() => house().purchases.notLookedUp(brandId, 2))).toEqual(names.slice(0, 2));
    const other = await aTenant(house());
    expect(await run(() => house().purchases.notLookedUp(other, 9), other)).toEqual([]);
    const all = await house().work.run(allBrands, () => house().purchases.notLookedUp(allBrands, 1_000));
    expect(all.filter((one) => one.brandId === brandId)).toEqual(names);
  });

  it('goes through all of a brand page by page', async () => {
    for (const subject of ['sub_c', 'sub_a', 'sub_b']) await save({ subject, payments: [aPayment({ id: subject })] });
    const page = async (after: string | null) =>
      (await run(() => house().purchases.page(brandId, after, 2))).map(({ subject, payments }) => [subject, payments[0]!.id]);
    expect(await page(null)).toEqual([
      ['sub_a', 'sub_a'],
      ['sub_b', 'sub_b'],
    ]);
    expect(await page('sub_b')).toEqual([['sub_c', 'sub_c']]);
    expect(await page('sub_c')).toEqual([]);
  });
});

contractOf(Customers, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const run = <T>(work: () => Promise<T>, reach = brandId) => house().work.run(reach, work);
  const held = (id: string, reach = brandId) => run(async () => (await house().customers.hold(reach, id))?.state ?? null, reach);
  const ofEmail = async (email: string, reach = brandId) =>
    (await run(() => house().customers.ofEmail(reach, email), reach)).map(({ id }) => id);
  const save = async (part: Parameters<typeof aCustomer>[0] = {}) => {
    const customer = aCustomer({ brandId, ...part });
    await run(() => house().customers.save(customer), customer.state.brandId);
    return customer.state;
  };

  it('gives back what was saved, to its brand alone, and keeps a change', async () => {
    const bare = await save({ id: 'cus_0', email: null, name: null });
    const saved = await save({ linkedEmail: 'boss@example.com', followed: false, version: 4, updatedAt: inDays(1) });
    expect(await held('cus_0')).toEqual(bare);
    expect(await held('cus_1')).toEqual(saved);
    const other = await aTenant(house());
    expect(await held('cus_1', other)).toBeNull();
    const theirs = await save({ brandId: other, name: 'Theirs' });
    await run(async () => {
      const customer = (await house().customers.hold(brandId, 'cus_1'))!;
      customer.link('ann@example.com', inDays(2));
      await house().customers.save(customer);
    });
    expect(await held('cus_1')).toMatchObject({ linkedEmail: 'ann@example.com', followed: true, version: 5, name: 'Jane' });
    expect(await held('cus_1', other)).toEqual(theirs);
  });

  it('finds by the address of the provider or of support, newest first', async () => {
    await save({ id: 'cus_old' });
    await save({ id: 'cus_linked', email: null, linkedEmail: 'jane@example.com', createdAt: inDays(2) });
    await save({ id: 'cus_new', createdAt: inDays(3) });
    await save({ id: 'cus_other', email: 'ann@example.com' });
    await save({ brandId: await aTenant(house()), id: 'cus_theirs' });
    expect(await ofEmail('jane@example.com')).toEqual(['cus_new', 'cus_linked', 'cus_old']);
    expect(await ofEmail('nobody@example.com')).toEqual([]);
  });

  it('loses nothing when two make it at once', async () => {
    let looked = () => {};
    const opened = new Promise<void>((resolve) => (looked = resolve));
    const first = run(async () => {
      expect(await house().customers.hold(brandId, 'cus_1')).toBeNull();
      looked();
      await sleep(100);
      await house().customers.save(aCustomer({ brandId }));
    });
    await opened;
    await run(async () => {
      const customer = (await house().customers.hold(brandId, 'cus_1'))!;
      customer.unlink(inDays(1));
      await house().customers.save(customer);
    });
    await first;
    expect(await held('cus_1')).toMatchObject({ followed: false, version: 2 });
  });
});

contractOf(Drifts, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const seen = (subject: string, causes: string[], reach = brandId) => {
    const drifts = causes.map((cause) => ({ cause: cause as 'license_missing', detail: 'so it is' }));
    return house().work.run(reach, () => house().drifts.seen(reach, subject, drifts, noon));
  };
  const subjects = (reach = brandId) => house().work.run(reach, () => house().drifts.subjects(reach));

  it('names the purchases with drift, once each and of the brand alone, until nothing more is seen of it', async () => {
    const other = await aTenant(house());
    await seen('sub_2', ['license_missing', 'seats_differ']);
    await seen('sub_1', ['license_missing', 'license_missing']);
    await seen('sub_3', []);
    await seen('sub_1', ['license_missing'], other);
    expect(await subjects()).toEqual(['sub_1', 'sub_2']);
    await seen('sub_2', ['seats_differ']);
    await seen('sub_1', []);
    expect(await subjects()).toEqual(['sub_2']);
    expect(await subjects(other)).toEqual(['sub_1']);
  });
});
