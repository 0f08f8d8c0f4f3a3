import { inDays } from '../../../test/fixtures/aggregates';
import { inHand, janeHasLicense, memoryHouse, mint } from '../../../test/fixtures/houses';
import { LicenseNotFound, ProductMismatch } from '../../licenses';
import { ActivateLicense, ActivateLicenseHandler } from './activate-license';
import { DeactivateInstance, DeactivateInstanceHandler } from './deactivate-instance';

describe('Deactivating an instance', () => {
  let house: ReturnType<typeof memoryHouse>;
  let jane: Awaited<ReturnType<typeof janeHasLicense>>;
  beforeEach(async () => {
    house = memoryHouse();
    jane = await janeHasLicense(house);
    await new ActivateLicenseHandler(house.seats).execute(new ActivateLicense(jane.key, 'pro', { id: 'a' }));
  });

  const deactivate = (id: string, { key = jane.key, product = 'pro' } = {}) =>
    new DeactivateInstanceHandler(house.seats).execute(new DeactivateInstance(key, product, id));

  it('frees the seat, once', async () => {
    expect(await deactivate('a')).toMatchObject({ deactivated: true, license: { seatsUsed: 0 } });
    expect(await deactivate('a')).toMatchObject({ deactivated: false, license: { seatsUsed: 0 } });
  });

  it('frees nothing for an instance that never had a seat', async () => {
    expect(await deactivate('b')).toMatchObject({ deactivated: false, license: { seatsUsed: 1 } });
  });

  it.each(['suspended', 'cancelled'] as const)('works on a license that is %s', async (status) => {
    const license = (await house.licenses.hold(jane.key.brandId, jane.license.id))!;
    license.becomes(status, undefined, house.clock.now());
    await house.licenses.save(license);
    expect(await deactivate('a')).toMatchObject({ deactivated: true, license: { seatsUsed: 0, status } });
  });

  it('works on a license that has expired', async () => {
    house.clock.at = inDays(1000);
    expect(await deactivate('a')).toMatchObject({ deactivated: true });
  });

  it('tells a key that does not exist from a product that the key does not unlock', async () => {
    await expect(deactivate('a', { key: inHand(mint.mint('ACME').text) })).rejects.toThrow(LicenseNotFound);
    await expect(deactivate('a', { product: 'lite' })).rejects.toThrow(ProductMismatch);
  });
});
