import { type BrandId, newBrandId } from '../../libs/kernel/brand-id';
import { publicId } from '../../libs/kernel/id';
import { BrandDirectory, BrandLimits, BrandNotFound } from '../../src/brands';
import { noLimits } from '../../src/brands/domain/brand';
import { KeyPrefixTaken, SlugTaken } from '../../src/brands/domain/errors';
import { Brands } from '../../src/brands/ports/brands';
import { allBrands } from '../../src/identity';
import { aBrand, inDays } from '../fixtures/aggregates';
import { aTenant, contractOf } from './contract';

contractOf(Brands, (house) => {
  const save = (part: Parameters<typeof aBrand>[0]) => {
    const brand = aBrand({ id: newBrandId(), ...part });
    return house()
      .work.run(brand.state.id, () => house().brands.save(brand))
      .then(() => brand.state);
  };
  const held = (id: BrandId) => house().work.run(id, async () => (await house().brands.hold(id))?.state ?? null);

  it('gives back what was saved', async () => {
    const state = await save({ slug: 'kept', keyPrefix: 'KEPT', metadata: { 'a key': 'ä "quoted" value' } });
    expect(await held(state.id)).toEqual(state);
  });

  it('keeps a change', async () => {
    const { id } = await save({ slug: 'changed', keyPrefix: 'CHANGED' });
    await house().work.run(id, async () => {
      const brand = (await house().brands.hold(id))!;
      brand.update({ name: 'Other', status: 'suspended' }, inDays(1));
      await house().brands.save(brand);
    });
    expect(await held(id)).toMatchObject({ name: 'Other', status: 'suspended', version: 2, updatedAt: inDays(1) });
  });

  it('holds none that is not there', async () => {
    expect(await held(newBrandId())).toBeNull();
  });

  it('lets no two brands have one slug', async () => {
    await save({ slug: 'once', keyPrefix: 'ONCE' });
    await expect(save({ slug: 'once', keyPrefix: 'TWICE' })).rejects.toThrow(SlugTaken);
  });

  it('lets no two brands have one key prefix, nor prefixes that read alike', async () => {
    await save({ slug: 'prefix', keyPrefix: 'LOT1' });
    await expect(save({ slug: 'same', keyPrefix: 'LOT1' })).rejects.toThrow(KeyPrefixTaken);
    await expect(save({ slug: 'alike', keyPrefix: 'IOTL' })).rejects.toThrow(KeyPrefixTaken);
  });
});

contractOf(BrandDirectory, (house) => {
  it('finds a brand by id and by slug, as far as the caller may see', async () => {
    const [one, other] = [await aTenant(house()), await aTenant(house())];
    const { slug } = await house().directory.get(one);
    for (const name of [slug, publicId('brand', one)]) {
      expect((await house().directory.find(one, name))?.id).toBe(one);
      expect((await house().directory.find(allBrands, name))?.id).toBe(one);
      expect(await house().directory.find(other, name)).toBeNull();
    }
    expect(await house().directory.find(allBrands, 'nobody')).toBeNull();
  });

  it('finds the brand of a folded key prefix before any brand is known', async () => {
    const id = newBrandId();
    await house().work.run(id, () => house().brands.save(aBrand({ id, slug: 'oil', keyPrefix: 'OIL' })));
    expect(await house().directory.ofKeyPrefix('011')).toBe(id);
    expect(await house().directory.ofKeyPrefix('OIL')).toBeNull();
    expect(await house().directory.ofKeyPrefix('NONE')).toBeNull();
  });

  it('finds a brand whose prefix somebody asked for before it was there', async () => {
    expect(await house().directory.ofKeyPrefix('S00N')).toBeNull();
    const id = newBrandId();
    await house().work.run(id, () => house().brands.save(aBrand({ id, slug: 'soon', keyPrefix: 'SOON' })));
    for (let i = 0; i < 2; i += 1) expect(await house().directory.ofKeyPrefix('S00N')).toBe(id);
  });

  it('refuses to get a brand that is not there', async () => {
    await expect(house().directory.get(newBrandId())).rejects.toThrow(BrandNotFound);
  });
});

contractOf(BrandLimits, (house) => {
  const own = { apiKeyPerMinute: 9, licenseKeyPerMinute: null, instancePerMinute: 2 };

  it('tells the limits of a brand, and that it has none', async () => {
    const id = newBrandId();
    await house().work.run(id, () => house().brands.save(aBrand({ id, slug: 'limited', keyPrefix: 'LIMITED', ...own })));
    expect(await house().limits.of(id)).toEqual(own);
    expect(await house().limits.of(await aTenant(house()))).toEqual(noLimits);
    expect(await house().limits.of(newBrandId())).toEqual(noLimits);
  });
});
