import { newId } from '../../../libs/kernel/id';
import { acme, aProduct, inDays } from '../../../test/fixtures/aggregates';
import { inHand, janeHasLicense, memoryHouse, mint, provisioning } from '../../../test/fixtures/houses';
import { ProductNotFound } from '../../brands';
import { AlreadyLicensed, CustomerMismatch, LicenseKeyNotFound, ProductArchived, TermNotPossible } from '../domain/errors';
import { type ExistingKey, type Grant, ProvisionLicenses } from './provision-licenses';

describe('Provisioning licenses', () => {
  let house: ReturnType<typeof memoryHouse>;
  let jane: Awaited<ReturnType<typeof janeHasLicense>>;
  beforeEach(async () => {
    house = memoryHouse();
    jane = await janeHasLicense(house);
    await house.products.save(aProduct({ code: 'lite', seatLimit: 1 }));
  });

  const provision = (grants: Grant[], onto: ExistingKey | null = null, email = 'jane@example.com') =>
    provisioning(house).execute(new ProvisionLicenses(acme, email, onto, grants));
  const held = () => house.licenses.ofKey(acme, jane.licenseKey.id);

  it('makes a key with the prefix of the brand, tells it once and finds it again', async () => {
    const { key, licenseKey, licenses } = await provision([{ productCode: 'pro' }, { productCode: 'lite', seatLimit: 9 }]);
    expect(key).toMatch(/^ACME-/);
    expect(licenses.map(({ productCode, seatLimit }) => [productCode, seatLimit])).toEqual([
      ['pro', 3],
      ['lite', 9],
    ]);
    const found = await house.keys.find(acme, mint.hashesOf(inHand(key!).canonical), house.clock.at);
    expect(found?.state).toEqual(licenseKey);
    expect(JSON.stringify(licenseKey)).not.toContain(key);
  });

  it.each<[string, () => ExistingKey]>([
    ['by its id', () => ({ id: jane.licenseKey.id })],
    ['as the customer has it', () => jane.key],
  ])('adds to a key that is there, named %s, and does not tell it again', async (_, onto) => {
    expect(await provision([{ productCode: 'lite' }], onto())).toMatchObject({ key: null, licenseKey: { id: jane.licenseKey.id } });
    expect((await held()).map(({ productCode }) => productCode).sort()).toEqual(['lite', 'pro']);
  });

  it('gives no second license of a product on one key, until the first was cancelled', async () => {
    const again = () => provision([{ productCode: 'pro' }], { id: jane.licenseKey.id });
    await expect(again()).rejects.toThrow(AlreadyLicensed);
    const license = (await house.licenses.hold(acme, jane.license.id))!;
    license.becomes('cancelled', undefined, house.clock.at);
    await house.licenses.save(license);
    await again();
    expect((await held()).map(({ status }) => status)).toEqual(['valid', 'cancelled']);
  });

  it('adds nothing to a key of somebody else, nor to one that is not there', async () => {
    await expect(provision([{ productCode: 'lite' }], jane.key, 'john@example.com')).rejects.toThrow(CustomerMismatch);
    await expect(provision([{ productCode: 'lite' }], { id: newId() })).rejects.toThrow(LicenseKeyNotFound);
    await expect(provision([{ productCode: 'lite' }], inHand(mint.mint('ACME').text))).rejects.toThrow(LicenseKeyNotFound);
    expect(await held()).toHaveLength(1);
  });

  it('sells nothing that is archived or not there, and says which it was', async () => {
    await house.products.save(aProduct({ code: 'old', status: 'archived' }));
    await expect(provision([{ productCode: 'old' }])).rejects.toThrow(ProductArchived);
    await expect(provision([{ productCode: 'pro' }, { productCode: 'none' }])).rejects.toThrow(ProductNotFound);
    await expect(provision([{ productCode: 'pro' }, { productCode: 'none' }])).rejects.toMatchObject({
      facts: { errors: [{ pointer: '/licenses/1/product_code' }] },
    });
  });

  it('says which of the terms is not possible', async () => {
    const never = { productCode: 'lite', startsAt: inDays(9), expiresAt: inDays(8) };
    await expect(provision([{ productCode: 'pro' }, never])).rejects.toThrow(TermNotPossible);
    await expect(provision([{ productCode: 'pro' }, never])).rejects.toMatchObject({
      facts: { errors: [{ pointer: '/licenses/1/expires_at' }] },
    });
  });
});
