import type { BrandId } from '../../libs/kernel/brand-id';
import { StripeFake } from '../../libs/stripe-fake';
import { callOn, startTestService, type TestService } from '../../libs/testing/service';
import { ok } from '../../libs/testing/world';
import { type Reconciled, Reconciliation } from '../../src/billing';
import { keyIn, mailsIn, openShop, type Shop } from '../fixtures/shop';
import { expectProblem } from './contract';

const start = new Date('2026-12-01T12:00:00Z');
const buyer = 'buyer@example.com';

describe('A purchase', () => {
  let service: TestService;
  let stripe: StripeFake;
  let shop: Shop;
  beforeAll(async () => {
    stripe = await StripeFake.start({ now: start });
    service = await startTestService({ STRIPE_FAKE_URL: stripe.url });
  });
  beforeEach(async () => {
    stripe.fault = null;
    shop = await openShop(service, stripe);
  });
  afterAll(() => Promise.all([service.stop(), stripe.stop()]));

  const settle = async () => {
    await stripe.settled();
    await service.settle('billing');
    await service.settle('billing refresh');
  };
  const license = async () => (await shop.licensesOf(buyer))[0];
  const verify = (licenseKey: string) =>
    service.call({ path: '/v1/licenses/verify', body: { license_key: licenseKey, product_code: 'pro' } });
  const only = <Thing>(things: ReadonlyMap<string, Thing>) => [...things.entries()].at(-1)!;
  const subscription = () => only(shop.account.subscriptions)[0];
  const payment = () => only(shop.account.paymentIntents)[0];
  const reasons = async () =>
    (
      await service.owner.query<{ reason: string }>(
        `select split_part(reason, ':', 1) as reason from mails where brand_id = (select id from brands where slug = $1) order by created_at, id`,
        [shop.slug],
      )
    ).rows.map(({ reason }) => reason);

  it('gives the customer a key by mail, that works, and says where it came from', async () => {
    await shop.buy('pro_monthly');
    await settle();
    await service.settle('mail');
    const [purchase] = await shop.purchases();
    expect(purchase).toMatchObject({
      kind: 'subscription',
      status: 'active',
      plan_code: 'pro_monthly',
      quantity: 1,
      customer_email: buyer,
    });
    expect(purchase.invoices).toMatchObject([{ status: 'paid', amount_paid: 1000, currency: 'usd' }]);
    expect(await license()).toMatchObject({
      ...{ status: 'valid', license_key_id: purchase.license_key_id, renews: true, expires_at: purchase.period_end },
      ...{ seats: { limit: 3, used: 0, remaining: 3 }, origin: { by: 'purchase', plan: 'pro_monthly', reference: purchase.reference } },
    });
    const mail = mailsIn(service.dataDir).at(-1)!;
    expect(mail.text).toContain(`To: ${buyer}`);
    const key = keyIn(mail.text);
    expect(ok(await verify(key))).toMatchObject({ valid: true, code: 'valid' });
    expect(service.logged.join('')).not.toContain(key);
    expect(await shop.drift()).toEqual([]);
    expect((await shop.events()).every(({ status }) => ['done', 'ignored'].includes(status))).toBe(true);
  });

  it('for life never ends', async () => {
    await shop.buy('pro_lifetime');
    await settle();
    expect(await license()).toMatchObject({ expires_at: null, renews: false, origin: { plan: 'pro_lifetime' } });
  });

  it('is extended with every renewal, and told of once', async () => {
    await shop.buy('pro_monthly');
    await settle();
    const before = (await license()).expires_at;
    await stripe.advance({ days: 32 });
    await settle();
    const after = (await license()).expires_at;
    expect(Date.parse(after)).toBeGreaterThan(Date.parse(before) + 27 * 86_400_000);
    expect(await reasons()).toEqual(['key_issued', 'renewed']);
  });

  it('has as many seats as were paid for, and more or fewer when that changes', async () => {
    await shop.buy('team_monthly', { quantity: 4 });
    await settle();
    expect((await license()).seats.limit).toBe(4);
    await shop.account.updateSubscription(subscription(), { quantity: 9 });
    await settle();
    expect((await license()).seats.limit).toBe(9);
  });

  it('works in a trial, and after it', async () => {
    await shop.buy('trial_monthly');
    await settle();
    expect(await license()).toMatchObject({ status: 'valid' });
    await stripe.advance({ days: 12 });
    await settle();
    expect(await reasons()).toEqual(['key_issued', 'trial_ending']);
    await stripe.advance({ days: 3 });
    await settle();
    expect((await shop.purchases())[0]).toMatchObject({ status: 'active' });
    expect(await reasons()).toEqual(['key_issued', 'trial_ending', 'renewed']);
  });

  it('that is not paid works in its grace, is suspended after it, and works again when it is paid', async () => {
    await shop.buy('pro_monthly');
    await settle();
    const [, customer] = only(shop.account.subscriptions);
    shop.account.setCard(customer.customer, 'declined');
    await stripe.advance({ days: 32 });
    await settle();
    expect((await shop.purchases())[0]).toMatchObject({ status: 'past_due' });
    expect(await license()).toMatchObject({ status: 'valid' });
    expect(await reasons()).toEqual(['key_issued', 'payment_failed']);

    const { expires_at, id } = await license();
    service.travel((Date.parse(expires_at) - Date.now()) / 86_400_000 + 8);
    await service.settle();
    await settle();
    expect(await license()).toMatchObject({ status: 'suspended' });

    ok(await shop.call({ method: 'PATCH', path: `/v1/licenses/${id}/grace`, body: { extend_days: 3, reason: 'pays tomorrow' } }));
    await service.settle();
    await settle();
    expect(await license()).toMatchObject({ status: 'valid' });

    shop.account.setCard(customer.customer, 'good');
    await shop.account.payOpenInvoice(subscription());
    await settle();
    expect(await license()).toMatchObject({ status: 'valid' });
    expect(Date.parse((await license()).expires_at)).toBeGreaterThan(Date.parse(expires_at));
    service.travel(-((Date.parse(expires_at) - Date.now()) / 86_400_000 + 8));
  });

  it('that is cancelled ends with what was paid, without grace', async () => {
    await shop.buy('pro_monthly');
    await settle();
    const { expires_at } = await license();
    await shop.account.updateSubscription(subscription(), { cancel_at_period_end: true });
    await settle();
    expect(await license()).toMatchObject({ status: 'valid', renews: false, expires_at, grace_until: null });
    await stripe.advance({ days: 40 });
    await settle();
    expect((await shop.purchases())[0]).toMatchObject({ status: 'ended' });
    expect(await license()).toMatchObject({ expires_at, grace_until: null });
  });

  it('that is refunded is cancelled; in part it is not', async () => {
    await shop.buy('pro_monthly');
    await settle();
    await shop.account.refund(payment(), 100);
    await settle();
    expect(await license()).toMatchObject({ status: 'valid' });
    await shop.account.refund(payment());
    await settle();
    expect(await license()).toMatchObject({ status: 'cancelled' });
  });

  it.each([
    ['won', 'valid'],
    ['lost', 'cancelled'],
  ] as const)('that is disputed is suspended, and when that is %s it is %s', async (outcome, status) => {
    await shop.buy('pro_lifetime');
    await settle();
    const dispute = await shop.account.openDispute(payment());
    await settle();
    expect(await license()).toMatchObject({ status: 'suspended' });
    await shop.account.closeDispute(dispute, outcome);
    await settle();
    expect(await license()).toMatchObject({ status });
  });

  it('that is paused is suspended until it goes on', async () => {
    await shop.buy('pro_monthly');
    await settle();
    await shop.account.updateSubscription(subscription(), { pause: true });
    await settle();
    expect(await license()).toMatchObject({ status: 'suspended' });
    await shop.account.updateSubscription(subscription(), { pause: false });
    await settle();
    expect(await license()).toMatchObject({ status: 'valid' });
  });

  it('is fulfilled by what its events tell while Stripe is away, and looked up when it is back', async () => {
    const { id } = ok(await shop.checkout('pro_monthly'));
    shop.account.delivery = 'held';
    await shop.account.pay(id, { email: buyer });
    stripe.fault = 'error500';
    for (const event of shop.account.events) await shop.account.deliver(event);
    await service.settle('billing');
    expect(await license()).toMatchObject({ status: 'valid', renews: true });
    expect((await shop.purchases())[0]).toMatchObject({ looked_at: null });
    expect((await shop.drift()).map(({ cause }) => cause)).toEqual(['not_looked_up']);
    stripe.fault = null;
    await service.settle('billing refresh');
    expect((await shop.purchases())[0].looked_at).not.toBeNull();
    expect(await shop.drift()).toEqual([]);
  }, 60_000);

  it('of a customer whom support unlinked changes nothing, until he is linked again, to whatever address', async () => {
    await shop.buy('pro_monthly');
    await settle();
    const customer = (await shop.purchases())[0].customer_id as string;
    const path = `/v1/brands/${shop.slug}/stripe-customers/${customer}`;
    expect(ok(await shop.call({ method: 'DELETE', path }))).toMatchObject({ id: customer, linked: false });
    await shop.account.updateSubscription(subscription(), { pause: true });
    await settle();
    expect(await license()).toMatchObject({ status: 'valid' });
    expect(ok(await shop.call({ method: 'PUT', path, body: { customer_email: 'boss@example.com' } }))).toMatchObject({
      linked: true,
      linked_email: 'boss@example.com',
    });
    await settle();
    expect(await license()).toMatchObject({ status: 'suspended' });
  });

  it('shows as drift what a person has to decide, and is repaired where that is safe', async () => {
    await shop.buy('team_monthly', { quantity: 2 });
    await settle();
    const { id } = await license();
    ok(await shop.call({ method: 'PATCH', path: `/v1/licenses/${id}`, body: { seat_limit: 1 } }));
    await shop.account.deliver(shop.account.events.at(-1)!);
    ok(await shop.call({ method: 'POST', path: `/v1/brands/${shop.slug}/stripe/events/${shop.account.events.at(-1)!.id}/replay` }));
    await settle();
    expect((await shop.drift()).map(({ cause, reference }) => [cause, reference])).toEqual([['seats_differ', subscription()]]);
    expect((await license()).seats.limit).toBe(1);
  });

  it('of which no event came is found and repaired by reconciliation, and only told of in a dry run', async () => {
    const reconcile = async (dryRun: boolean) => {
      const found: Reconciled[] = [];
      const [brandId] = (await service.owner.query<{ id: BrandId }>('select id from brands where slug = $1', [shop.slug])).rows;
      for await (const one of service.app.get(Reconciliation, { strict: false }).of({ brandId: brandId!.id, dryRun })) found.push(one);
      return found.flatMap(({ changes, error }) => [...changes, ...(error === null ? [] : [error])]);
    };
    shop.account.delivery = 'held';
    await shop.buy('pro_monthly');
    await shop.buy('pro_lifetime', {}, { email: 'other@example.com' });
    expect(await reconcile(true)).toHaveLength(2);
    expect(await shop.licensesOf(buyer)).toEqual([]);
    expect(await reconcile(false)).toEqual([expect.stringContaining('pro_monthly'), expect.stringContaining('pro_lifetime')]);
    expect(await license()).toMatchObject({ status: 'valid' });
    expect(await reconcile(false)).toEqual([]);
    stripe.fault = 'error500';
    expect(await reconcile(false)).toEqual([expect.stringContaining('does not answer')]);
  }, 60_000);

  it('suspended over a payment stays so when Stripe gives up, and nobody is told that it was paid', async () => {
    await shop.buy('pro_monthly');
    await settle();
    const [, { customer }] = only(shop.account.subscriptions);
    shop.account.setCard(customer, 'declined');
    await stripe.advance({ days: 32 });
    await settle();
    const days = (Date.parse((await license()).expires_at) - Date.now()) / 86_400_000 + 8;
    service.travel(days);
    await service.settle();
    await settle();
    expect(await license()).toMatchObject({ status: 'suspended' });
    await stripe.advance({ days: 30 });
    await settle();
    expect((await shop.purchases())[0]).toMatchObject({ status: 'ended' });
    expect(await license()).toMatchObject({ status: 'suspended' });
    service.travel(-days);
  });

  it('of a product that was archived waits as drift, and leaves no key behind that opens nothing', async () => {
    const product = { method: 'PATCH', path: `/v1/brands/${shop.slug}/products/pro` };
    ok(await shop.call({ ...product, body: { status: 'archived' } }));
    await shop.buy('pro_monthly');
    await settle();
    expect((await shop.drift()).map(({ cause }) => cause)).toEqual(['license_missing']);
    const keys = () =>
      service.owner.query('select from license_keys k join brands b on b.id = k.brand_id where slug = $1 and customer_email = $2', [
        shop.slug,
        buyer,
      ]);
    expect((await keys()).rowCount).toBe(0);
    ok(await shop.call({ ...product, body: { status: 'active' } }));
    ok(await shop.call({ method: 'POST', path: `/v1/brands/${shop.slug}/stripe/events/${(await shop.events('done'))[0].id}/replay` }));
    await settle();
    expect([await license(), (await keys()).rowCount, await shop.drift()]).toMatchObject([{ status: 'valid' }, 1, []]);
  });

  it('keeps what it gave when it was bought, whatever becomes of the plan', async () => {
    await shop.buy('pro_monthly');
    await settle();
    const before = await license();
    ok(await shop.createProduct({ code: 'extra', seat_limit: 1 }));
    const grants = [{ product_code: 'extra', seats: 9 }];
    ok(await shop.call({ method: 'PATCH', path: `/v1/brands/${shop.slug}/plans/pro_monthly`, body: { grants, grace_days: 30 } }));
    await stripe.advance({ days: 32 });
    await settle();
    const [after, ...others] = await shop.licensesOf(buyer);
    expect(others).toEqual([]);
    expect(after).toMatchObject({ product_code: 'pro', status: 'valid', seats: { limit: 3 } });
    expect(Date.parse(after.grace_until) - Date.parse(after.expires_at)).toBe(7 * 86_400_000);
    expect(after.expires_at > before.expires_at).toBe(true);
  });

  it('suspended by hand stays so, whatever is paid or changed, and that is shown as drift', async () => {
    await shop.buy('pro_monthly');
    await settle();
    const { id } = await license();
    ok(await shop.call({ method: 'PATCH', path: `/v1/licenses/${id}/status`, body: { status: 'suspended', reason: 'abuse' } }));
    await shop.account.updateSubscription(subscription(), { pause: true });
    await settle();
    await shop.account.updateSubscription(subscription(), { pause: false });
    await settle();
    expect(await license()).toMatchObject({ status: 'suspended' });
    expect((await shop.drift()).map(({ cause }) => cause)).toEqual(['license_suspended']);
  });

  it('at a price that nobody knows gives nothing more than was bought, and a refund still ends it', async () => {
    await shop.buy('pro_monthly');
    await settle();
    const { expires_at } = await license();
    const price = shop.account.createPrice({ amount: 100, interval: 'month' });
    await shop.account.updateSubscription(subscription(), { price });
    await stripe.advance({ days: 32 });
    await settle();
    expect(await license()).toMatchObject({ status: 'valid', expires_at });
    expect((await shop.drift()).map(({ cause }) => cause)).toEqual(['no_plan_for_price']);
    await shop.account.refund(payment());
    await settle();
    expect(await license()).toMatchObject({ status: 'cancelled' });
    expect((await shop.drift()).map(({ cause }) => cause).sort()).toEqual(['no_plan_for_price', 'still_charged']);
  });

  it('whose events are forged, unreadable or of nothing of ours changes nothing, and Stripe is answered at once', async () => {
    await shop.buy('pro_monthly');
    const event = shop.account.events[0]!;
    const { body, header } = shop.account.signed(event, 'whsec_wrong');
    const post = (text: string, signature: string) =>
      callOn(shop.webhookUrl, { path: '', method: 'POST', body: text, headers: { 'stripe-signature': signature } });
    expectProblem(await post(body, header), 400, 'signature_refused');
    const hostile = shop.account.signed(
      { ...event, id: 'evt_\0', data: { object: { id: 7, name: 'x'.repeat(10_000) } } } as never,
      shop.webhookSecret,
    );
    expect((await post(hostile.body, hostile.header)).body).toEqual({ received: true });
    await settle();
    expect((await shop.events('set_aside')).map(({ id }) => id)).toEqual([expect.stringMatching(/^unreadable_/)]);
    expect(await license()).toMatchObject({ status: 'valid' });
  });
});
