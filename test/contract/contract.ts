import { type BrandId, newBrandId } from '../../libs/kernel/brand-id';
import { aBrand, aLicenseKey, aProduct } from '../fixtures/aggregates';
import { type House, memoryHouse, postgresHouse } from '../fixtures/houses';

/** A port is an abstract class. */
export type Port = abstract new () => unknown;

/** Runs the suite on every adapter of the port. The house is the same for all its tests, so each brings a brand of its own. */
export function contractOf({ name }: Port, suite: (house: () => House) => void): void {
  describe.each([
    ['memory', memoryHouse],
    ['PostgreSQL', postgresHouse],
  ])(`${name} in %s`, (_, open: () => House | Promise<House>) => {
    let house: House;
    beforeAll(async () => {
      house = await open();
    });
    afterAll(() => house.close());
    suite(() => house);
  });
}

let brands = 0;

/** A brand that no other test knows. */
export async function aTenant({ work, brands: port }: House): Promise<BrandId> {
  const [id, number] = [newBrandId(), ++brands];
  await work.run(id, () => port.save(aBrand({ id, slug: `brand-${number}`, keyPrefix: `B${number}X` })));
  return id;
}

/** A brand with a product and a license key, for what hangs on them. */
export async function aShop(house: House) {
  const brandId = await aTenant(house);
  const [product, key] = [aProduct({ brandId }), aLicenseKey({ brandId, hash: Buffer.from(brandId) })];
  await house.work.run(brandId, async () => {
    await house.products.save(product);
    await house.keys.save(key);
  });
  return { brandId, productId: product.state.id, licenseKeyId: key.state.id };
}
