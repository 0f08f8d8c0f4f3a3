import type { BrandId } from '../../libs/kernel/brand-id';
import { withOwner } from '../../libs/testing/database';
import { allBrands } from '../../src/identity';
import { PostgresCredentials } from '../../src/identity/adapters/postgres-credentials';
import type { ApiKeyState } from '../../src/identity/domain/api-key';
import { mintSecret, type Role } from '../../src/identity/domain/api-secret';
import { Credentials } from '../../src/identity/ports/credentials';
import { anApiKey } from '../fixtures/aggregates';
import { postgresHouse } from '../fixtures/houses';
import { aTenant } from './contract';

// Only PostgreSQL has it: no use case asks for a credential, the guard does.
describe(`${Credentials.name} in PostgreSQL`, () => {
  let house: Awaited<ReturnType<typeof postgresHouse>>;
  let credentials: Credentials;
  let brandId: BrandId;
  beforeAll(async () => {
    house = await postgresHouse();
    credentials = new PostgresCredentials(house.db);
    brandId = await aTenant(house);
  });
  afterAll(() => house.close());

  async function issue(part: Partial<ApiKeyState> = {}, role: Role = 'brand') {
    const { publicPart, hash } = mintSecret('test', role);
    const key = anApiKey({ role, brandId: role === 'brand' ? brandId : null, publicPart, hash, ...part });
    await house.work.run(role === 'brand' ? brandId : allBrands, () => house.apiKeys.save(key));
    return { id: key.state.id, presented: { publicPart, hash } };
  }
  // Of the database's clock, which is what decides.
  const fromNow = async (minutes: number) => {
    const [row] = await house.source.query<[{ at: Date }]>(`select now() + $1 * interval '1 minute' as at`, [minutes]);
    return row.at;
  };

  it('knows whom a living key speaks for', async () => {
    const { id, presented } = await issue();
    const { slug } = await house.directory.get(brandId);
    expect(await credentials.check(presented)).toEqual({
      id,
      role: 'brand',
      scopes: ['licenses:read'],
      brand: { id: brandId, slug, status: 'active' },
    });
    const internal = await issue({ scopes: ['*'] }, 'internal');
    expect(await credentials.check(internal.presented)).toMatchObject({ role: 'internal', scopes: ['*'], brand: null });
  });

  it('refuses a key that is not there, and one with another secret', async () => {
    const { presented } = await issue();
    expect(await credentials.check(mintSecret('test', 'brand'))).toBeNull();
    expect(await credentials.check({ ...presented, hash: mintSecret('test', 'brand').hash })).toBeNull();
  });

  it('refuses a key that was revoked or has expired', async () => {
    for (const dead of [{ revokedAt: await fromNow(-1) }, { expiresAt: await fromNow(-1) }]) {
      expect(await credentials.check((await issue(dead)).presented)).toBeNull();
    }
    expect(await credentials.check((await issue({ expiresAt: await fromNow(1) })).presented)).not.toBeNull();
  });

  it('lets the secret before the rotation in for the overlap only, and never after a revocation', async () => {
    const [old, present] = [mintSecret('test', 'brand'), mintSecret('test', 'brand')];
    const rotated = (part: Partial<ApiKeyState>) =>
      issue({ publicPart: present.publicPart, hash: present.hash, previousPublicPart: old.publicPart, previousHash: old.hash, ...part });
    const { id } = await rotated({ previousUntil: await fromNow(1) });
    expect([(await credentials.check(old))?.id, (await credentials.check(present))?.id]).toEqual([id, id]);
    expect(await credentials.check({ publicPart: old.publicPart, hash: present.hash })).toBeNull();
    expect(await credentials.check({ publicPart: present.publicPart, hash: old.hash })).toBeNull();

    const change = (sql: string) => withOwner(house.name, (owner) => owner.query(`update api_keys set ${sql} where id = $1`, [id]));
    await change(`previous_until = now() - interval '1 second'`);
    expect([await credentials.check(old), (await credentials.check(present))?.id]).toEqual([null, id]);
    await change(`previous_until = now() + interval '1 hour', revoked_at = now()`);
    expect([await credentials.check(old), await credentials.check(present)]).toEqual([null, null]);
  });

  it('notes its use, at most once a minute', async () => {
    const { id, presented } = await issue();
    const lastUsed = () =>
      withOwner(house.name, async (owner) => {
        const { rows } = await owner.query<{ at: Date; xmin: string }>('select last_used_at as at, xmin from api_keys where id = $1', [id]);
        return rows[0]!;
      });
    await Promise.all(Array.from({ length: 5 }, () => credentials.check(presented)));
    const first = await lastUsed();
    expect(first.at).toBeInstanceOf(Date);
    await credentials.check(presented);
    expect(await lastUsed()).toEqual(first);

    await withOwner(house.name, (owner) => owner.query(`update api_keys set last_used_at = now() - interval '61 seconds'`));
    await credentials.check(presented);
    expect((await lastUsed()).at.getTime()).toBeGreaterThanOrEqual(first.at.getTime());
  });
});
