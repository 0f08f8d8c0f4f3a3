import type { EventBus } from '@nestjs/cqrs';
import { Subject } from 'rxjs';
import type { BrandId } from '../../libs/kernel/brand-id';
import type { DomainEvent } from '../../libs/kernel/domain-event';
import { ProcessCache } from '../../libs/persistence/process-cache';
import { withOwner } from '../../libs/testing/database';
import { allBrands } from '../../src/identity';
import { PostgresCredentials } from '../../src/identity/adapters/postgres-credentials';
import type { ApiKey, ApiKeyState } from '../../src/identity/domain/api-key';
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
  const cache = new ProcessCache();
  beforeAll(async () => {
    const signals = new Subject<DomainEvent>();
    house = await postgresHouse({ publishAll: (events: DomainEvent[]) => events.forEach((event) => signals.next(event)) });
    credentials = new PostgresCredentials(house.db, cache, signals as unknown as EventBus<DomainEvent>);
    brandId = await aTenant(house);
  });
  afterEach(() => {
    cache.now = () => performance.now();
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

    const change = async (sql: string) => {
      await withOwner(house.name, (owner) => owner.query(`update api_keys set ${sql} where id = $1`, [id]));
      cache.forget('api_keys');
    };
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
    cache.forget('api_keys');
    await credentials.check(presented);
    expect((await lastUsed()).at.getTime()).toBeGreaterThanOrEqual(first.at.getTime());
  });

  it('remembers a key for a moment, but not beyond its end, nor the secret before it beyond the overlap', async () => {
    const [old, present] = [mintSecret('test', 'brand'), mintSecret('test', 'brand')];
    const ends = await fromNow(1 / 30);
    const expiring = await issue({ expiresAt: ends });
    const { publicPart, hash } = present;
    await issue({ publicPart, hash, previousPublicPart: old.publicPart, previousHash: old.hash, previousUntil: ends });
    const all = [expiring.presented, old, present];
    for (const one of all) expect(await credentials.check(one)).not.toBeNull();

    const asked = jest.spyOn(house.db, 'beforeBrand').mockRejectedValue(new Error('Nobody should have asked'));
    for (const one of all) expect(await credentials.check(one)).not.toBeNull();
    cache.now = () => performance.now() + 3_000;
    expect(await Promise.all(all.map(async (one) => (await credentials.check(one)) !== null))).toEqual([false, false, true]);
    asked.mockRestore();
  });

  it('forgets keys at once when one of them or their brand changes', async () => {
    const { id, presented } = await issue();
    expect((await credentials.check(presented))?.brand?.status).toBe('active');
    await house.work.run(brandId, async () => {
      const brand = (await house.brands.hold(brandId))!;
      brand.update({ status: 'suspended' }, house.clock.now());
      await house.brands.save(brand);
    });
    expect((await credentials.check(presented))?.brand?.status).toBe('suspended');

    const changed = (change: (key: ApiKey) => void) =>
      house.work.run(brandId, async () => {
        const key = (await house.apiKeys.hold(brandId, id))!;
        change(key);
        await house.apiKeys.save(key);
      });
    const next = mintSecret('test', 'brand');
    await changed((key) => key.rotate(next, 0, ['*'], house.clock.now()));
    expect([await credentials.check(presented), (await credentials.check(next))?.id]).toEqual([null, id]);
    await changed((key) => key.revoke(house.clock.now()));
    expect(await credentials.check(next)).toBeNull();
  });
});
