import { randomBytes } from 'node:crypto';
import type { BrandId } from '../../libs/kernel/brand-id';
import { newId } from '../../libs/kernel/id';
import { LicenseKeys } from '../../src/licenses/ports/license-keys';
import { aLicenseKey, inDays, noon } from '../fixtures/aggregates';
import { aTenant, contractOf } from './contract';

contractOf(LicenseKeys, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const save = async (part: Parameters<typeof aLicenseKey>[0] = {}) => {
    const key = aLicenseKey({ brandId, hash: randomBytes(32), ...part });
    await house().work.run(brandId, () => house().keys.save(key));
    return key.state;
  };
  const held = (id: string, reach = brandId) => house().work.run(reach, async () => (await house().keys.hold(reach, id))?.state ?? null);
  const found = (hashes: Buffer[], at = noon, reach = brandId) =>
    house().work.run(reach, async () => (await house().keys.find(reach, hashes, at))?.state ?? null);

  it('gives back what was saved', async () => {
    const state = await save({ previousHash: randomBytes(32), previousUntil: inDays(1), reissuedAt: noon });
    expect(await held(state.id)).toEqual(state);
  });

  it('finds a key by any of the hashes that it may have', async () => {
    const state = await save();
    expect(await found([randomBytes(32), state.hash])).toEqual(state);
    expect(await found([randomBytes(32)])).toBeNull();
    expect(await found([])).toBeNull();
  });

  it('finds a key by the hash before, for the overlap only', async () => {
    const previousHash = randomBytes(32);
    const state = await save({ previousHash, previousUntil: inDays(1) });
    expect(await found([previousHash], noon)).toEqual(state);
    expect(await found([previousHash], inDays(1))).toBeNull();
    expect(await found([state.hash], inDays(1))).toEqual(state);
  });

  it('knows no key of another brand, not even by its hash', async () => {
    const state = await save();
    const other = await aTenant(house());
    expect(await held(state.id, other)).toBeNull();
    expect(await found([state.hash], noon, other)).toBeNull();
    expect(await held(newId())).toBeNull();
  });

  it('keeps a reissue', async () => {
    const { id, hash } = await save();
    const minted = { text: '', hash: randomBytes(32), pepperVersion: 2, hint: 'new' };
    await house().work.run(brandId, async () => {
      const key = (await house().keys.hold(brandId, id))!;
      key.reissue(minted, 3600, noon);
      await house().keys.save(key);
    });
    expect(await held(id)).toMatchObject({ hash: minted.hash, pepperVersion: 2, hint: 'new', previousHash: hash, reissuedAt: noon });
  });
});
