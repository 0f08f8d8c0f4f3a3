import type { BrandId } from '../../libs/kernel/brand-id';
import { newId, publicId } from '../../libs/kernel/id';
import { ProductCatalogue } from '../../src/brands';
import { ProductCodeTaken } from '../../src/brands/domain/errors';
import type { Product } from '../../src/brands/domain/product';
import { Products } from '../../src/brands/ports/products';
import { aProduct, inDays } from '../fixtures/aggregates';
import type { House } from '../fixtures/houses';
import { aTenant, contractOf } from './contract';

const save = ({ work, products }: House, product: Product) => work.run(product.state.brandId, () => products.save(product));

contractOf(Products, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const held = (name: string, reach = brandId) =>
    house().work.run(reach, async () => (await house().products.hold(reach, name))?.state ?? null);

  it('gives back what was saved, by code and by id', async () => {
    const product = aProduct({ brandId, seatLimit: null, durationDays: null, entitlements: { a: [1, { b: null }] }, metadata: { x: 'y' } });
    await save(house(), product);
    expect(await held('pro')).toEqual(product.state);
    expect(await held(publicId('product', product.state.id))).toEqual(product.state);
  });

  it('keeps a change', async () => {
    await save(house(), aProduct({ brandId }));
    await house().work.run(brandId, async () => {
      const product = (await house().products.hold(brandId, 'pro'))!;
      product.update({ status: 'archived', seatLimit: null }, inDays(1));
      await house().products.save(product);
    });
    expect(await held('pro')).toMatchObject({ status: 'archived', seatLimit: null, version: 2, updatedAt: inDays(1) });
  });

  it('holds none that is not there, nor one of another brand', async () => {
    const product = aProduct({ brandId });
    await save(house(), product);
    const other = await aTenant(house());
    expect(await held('lite')).toBeNull();
    expect(await held(publicId('product', newId()))).toBeNull();
    expect(await held('pro', other)).toBeNull();
    expect(await held(publicId('product', product.state.id), other)).toBeNull();
  });

  it('lets a code name one product of a brand, and another of the next brand', async () => {
    await save(house(), aProduct({ brandId }));
    await expect(save(house(), aProduct({ brandId }))).rejects.toThrow(ProductCodeTaken);
    await save(house(), aProduct({ brandId: await aTenant(house()) }));
  });
});

contractOf(ProductCatalogue, (house) => {
  it('finds a product of the brand by code and by id, and none of another', async () => {
    const [brandId, other] = [await aTenant(house()), await aTenant(house())];
    const product = aProduct({ brandId });
    await save(house(), product);
    for (const name of ['pro', publicId('product', product.state.id)]) {
      expect(await house().catalogue.find(brandId, name)).toEqual(product.state);
      expect(await house().catalogue.find(other, name)).toBeNull();
    }
    expect(await house().catalogue.find(brandId, 'lite')).toBeNull();
  });

  it('sees what the open unit of work has written', async () => {
    const brandId = await aTenant(house());
    const found = house().work.run(brandId, async () => {
      await house().products.save(aProduct({ brandId }));
      return house().catalogue.find(brandId, 'pro');
    });
    expect(await found).toMatchObject({ code: 'pro' });
  });
});
