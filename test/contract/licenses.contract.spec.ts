import { newId } from '../../libs/kernel/id';
import { allBrands } from '../../src/identity';
import { AlreadyLicensed } from '../../src/licenses/domain/errors';
import type { License } from '../../src/licenses/domain/license';
import { Licenses } from '../../src/licenses/ports/licenses';
import { aLicense, aProduct, inDays, noon } from '../fixtures/aggregates';
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
});
