import type { BrandId, Reach } from '../../libs/kernel/brand-id';
import { newId } from '../../libs/kernel/id';
import { allBrands } from '../../src/identity';
import { mintSecret } from '../../src/identity/domain/api-secret';
import { ApiKeys } from '../../src/identity/ports/api-keys';
import { anApiKey, inDays, noon } from '../fixtures/aggregates';
import { aTenant, contractOf } from './contract';

contractOf(ApiKeys, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const save = (part: Parameters<typeof anApiKey>[0], reach: Reach = brandId) => {
    const key = anApiKey({ brandId, ...mintedNow(), ...part });
    return house()
      .work.run(reach, () => house().apiKeys.save(key))
      .then(() => key.state);
  };
  const mintedNow = () => {
    const { publicPart, hash } = mintSecret('test', 'brand');
    return { publicPart, hash };
  };
  const held = (id: string, reach: Reach = brandId) =>
    house().work.run(reach, async () => (await house().apiKeys.hold(reach, id))?.state ?? null);

  it('gives back what was saved', async () => {
    const state = await save({ scopes: ['licenses:read', 'products:read'], expiresAt: inDays(30) });
    expect(await held(state.id)).toEqual(state);
    expect(await held(state.id, allBrands)).toEqual(state);
  });

  it('keeps a rotation and a revocation', async () => {
    const { id, publicPart, hash } = await save({});
    await house().work.run(brandId, async () => {
      const key = (await house().apiKeys.hold(brandId, id))!;
      key.rotate(mintSecret('test', 'brand'), 3600, ['*'], noon);
      key.revoke(inDays(1));
      await house().apiKeys.save(key);
    });
    expect(await held(id)).toMatchObject({ previousPublicPart: publicPart, previousHash: hash, revokedAt: inDays(1) });
  });

  it('holds none that is not there, nor one of another brand', async () => {
    const { id } = await save({});
    expect(await held(newId())).toBeNull();
    expect(await held(id, await aTenant(house()))).toBeNull();
  });

  it('holds an internal key only for who acts over all brands', async () => {
    const state = await save({ brandId: null, role: 'internal', scopes: ['*'] }, allBrands);
    expect(await held(state.id, allBrands)).toEqual(state);
    expect(await held(state.id)).toBeNull();
  });
});
