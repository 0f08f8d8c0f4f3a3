import { newId } from '../../libs/kernel/id';
import { allBrands } from '../../src/identity';
import { AlreadyLicensed } from '../../src/licenses/domain/errors';
import type { License } from '../../src/licenses/domain/license';
import { type LicenseName, Licenses } from '../../src/licenses/ports/licenses';
import { aLicense, aLicenseKey, aProduct, inDays, noon } from '../fixtures/aggregates';
import { aShop, aTenant, contractOf } from './contract';

contractOf(Licenses, (house) => {
  let shop: Awaited<ReturnType<typeof aShop>>;
  beforeEach(async () => {
    shop = await aShop(house());
  });
  const run = <T>(work: () => Promise<T>, reach = shop.brandId) => house().work.run(reach, work);
  const save = async (part: Parameters<typeof aLicense>[0] = {}) => {
    const license = aLicense({ ...shop, ...part });
    await run(() => house().licenses.save(license));
    return license.state;
  };
  const aSecondProduct = async () => {
    const product = aProduct({ brandId: shop.brandId, code: 'lite' });
    await run(() => house().products.save(product));
    return { productId: product.state.id, productCode: 'lite' };
  };
  const ofKey = () => run(() => house().licenses.ofKey(shop.brandId, shop.licenseKeyId));
  const ids = (states: { id: string }[]) => states.map(({ id }) => id);

  it('gives back what was saved', async () => {
    const nothing = { startsAt: null, expiresAt: null, seatLimit: null, seatCeiling: null };
    const state = await save({ ...nothing, entitlements: { a: [1, { b: null }] }, metadata: { ä: '"' } });
    expect(await run(() => house().licenses.find(shop.brandId, state.id))).toEqual(state);
    expect((await run(() => house().licenses.hold(shop.brandId, state.id)))?.state).toEqual(state);
  });

  it('keeps a change', async () => {
    const { id } = await save();
    await run(async () => {
      const license = (await house().licenses.hold(shop.brandId, id))!;
      license.takeSeat(noon);
      license.update({ seatLimit: 1, metadata: { order: '1' } }, inDays(1));
      await house().licenses.save(license);
    });
    expect(await run(() => house().licenses.find(shop.brandId, id))).toMatchObject({
      seatsUsed: 1,
      seatLimit: 1,
      seatCeiling: 1,
      version: 3,
    });
  });

  it('finds a license within reach only', async () => {
    const { id } = await save();
    const other = await aTenant(house());
    expect(await house().work.run(allBrands, () => house().licenses.find(allBrands, id))).toMatchObject({ id });
    expect(await run(() => house().licenses.find(other, id), other)).toBeNull();
    expect(await run(() => house().licenses.hold(other, id), other)).toBeNull();
    expect(await run(() => house().licenses.ofKey(other, shop.licenseKeyId), other)).toEqual([]);
    expect(await run(() => house().licenses.hold(shop.brandId, newId()))).toBeNull();
  });

  it('gives a key one license of a product, until that is cancelled', async () => {
    const first = await save();
    await expect(save()).rejects.toThrow(AlreadyLicensed);
    await run(async () => {
      const license = (await house().licenses.hold(shop.brandId, first.id))!;
      license.becomes('cancelled', undefined, noon);
      await house().licenses.save(license);
    });
    const second = await save();
    expect(ids(await ofKey())).toEqual([second.id, first.id]);
  });

  it('puts the license that counts first: what is cancelled last, the newest before the older', async () => {
    const old = await save({ status: 'cancelled' });
    const counts = await save();
    const newer = await save({ status: 'cancelled' });
    expect(ids(await ofKey())).toEqual([counts.id, newer.id, old.id]);
  });

  it('holds the license of the product, a cancelled one only when there is no other', async () => {
    const holdPro = () => run(() => house().licenses.holdOfKey(shop.brandId, shop.licenseKeyId, 'pro'));
    const lite = await save(await aSecondProduct());
    expect(await holdPro()).toBeNull();
    const cancelled = await save({ status: 'cancelled' });
    expect((await holdPro())?.state.id).toBe(cancelled.id);
    const valid = await save();
    expect((await holdPro())?.state).toEqual(valid);
    expect((await run(() => house().licenses.holdOfKey(shop.brandId, shop.licenseKeyId, 'lite')))?.state.id).toBe(lite.id);
  });

  it('hands out a license whose changes nobody sees before they are saved', async () => {
    const { id } = await save();
    const change = (license: License | null) => license!.takeSeat(noon);
    await run(async () => change(await house().licenses.hold(shop.brandId, id)));
    expect(await run(() => house().licenses.find(shop.brandId, id))).toMatchObject({ seatsUsed: 0 });
  });

  describe('that wait for the clock', () => {
    const due = (at: Date, limit = 1000) => house().work.run(allBrands, () => house().licenses.due(allBrands, at, limit));
    const holdDue = (some: string[], at: Date) =>
      run(async () => ids((await house().licenses.holdDue(shop.brandId, some, at)).map(({ state }) => state)));
    const makeDue = (at: Date, after: LicenseName | null, limit = 1000) =>
      house().work.run(allBrands, () => house().licenses.makeDue(allBrands, at, after, limit));
    /** Licenses of keys of their own, all on one product. */
    const saveSome = async (...parts: Parameters<typeof aLicense>[0][]) => {
      const states = [];
      for (const part of parts) {
        const key = aLicenseKey({ brandId: shop.brandId, hash: Buffer.from(newId()) });
        await run(() => house().keys.save(key));
        states.push(await save({ licenseKeyId: key.state.id, nextNoticeAt: null, ...part }));
      }
      return states.map(({ id }) => id);
    };

    it('are found over all brands once they are due, those that wait longest first, no more than asked for', async () => {
      const [late, early, future, never] = await saveSome(
        { nextNoticeAt: inDays(-501) },
        { nextNoticeAt: inDays(-502) },
        { nextNoticeAt: inDays(-499) },
        {},
      );
      expect(ids(await due(inDays(-500)))).toEqual([early, late]);
      expect(await due(inDays(-500), 1)).toEqual([{ brandId: shop.brandId, id: early }]);
      expect(ids(await due(inDays(-499)))).toEqual([early, late, future]);
      expect(ids(await due(inDays(9999)))).not.toContain(never);
    });

    it('are held when they still are due', async () => {
      const [one, other, later] = await saveSome({ nextNoticeAt: noon }, { nextNoticeAt: noon }, { nextNoticeAt: inDays(1) });
      expect((await holdDue([one!, other!, later!], noon)).sort()).toEqual([one, other]);
      await run(async () => {
        const [license] = await house().licenses.holdDue(shop.brandId, [one!], noon);
        license!.tellOfExpiry([7], noon);
        await house().licenses.save(license!);
      });
      expect(await holdDue([one!, other!], noon)).toEqual([other]);
      const stranger = await aTenant(house());
      expect(await run(() => house().licenses.holdDue(stranger, [other!], noon), stranger)).toEqual([]);
    });

    it('are made due when time still does something to them, some at a time', async () => {
      const all = await saveSome(
        { expiresAt: inDays(5) },
        { expiresAt: inDays(-5), graceDays: 7 },
        { expiresAt: inDays(5), nextNoticeAt: inDays(4), status: 'suspended' },
        { expiresAt: inDays(5), nextNoticeAt: inDays(-1) },
        { expiresAt: inDays(-8), graceDays: 7 },
        { expiresAt: inDays(-1), graceDays: 0 },
        { expiresAt: null },
        { expiresAt: inDays(5), status: 'cancelled' },
      );
      const seen = [];
      for (let last = await makeDue(noon, null, 3); last; last = await makeDue(noon, last, 3)) seen.push(last.id);
      expect(seen.length).toBeGreaterThan(2);
      const notices = [];
      for (const id of all) notices.push((await run(() => house().licenses.find(shop.brandId, id)))!.nextNoticeAt);
      expect(notices).toEqual([noon, noon, noon, inDays(-1), null, null, null, null]);
    });
  });
});
