import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../libs/persistence/database';
import { ProcessCache } from '../../libs/persistence/process-cache';
import { dropDatabase, freshDatabase, runtimeUrl } from '../../libs/testing/database';
import type { TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { RedisConnection } from '../../src/core/redis';
import { OwnRedis, withRedis } from '../fixtures/redis';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(30_000);

type Instance = Awaited<ReturnType<typeof serviceOver>>;

const until = async (isSo: () => Promise<boolean>, limit = 5_000): Promise<void> => {
  for (const start = performance.now(); !(await isSo()); await sleep(10)) {
    if (performance.now() - start > limit) throw new Error(`Not within ${limit} ms`);
  }
};
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

withRedis('Two instances with one Redis', () => {
  let database: string;
  let redis: OwnRedis;
  let one: Instance;
  let other: Instance;
  let world: BrandWorld;
  beforeAll(async () => {
    [database, redis] = [await freshDatabase(), await OwnRedis.start()];
    const start = () => serviceOver(runtimeUrl(database), { REDIS_URL: redis.url, BACKGROUND_WORK: 'false' });
    [one, other] = [await start(), await start()];
  });
  beforeEach(async () => {
    redis.thaw();
    world = await createBrandWorld(one as unknown as TestService);
    for (const instance of [one, other]) {
      instance.app.get(ProcessCache).now = () => performance.now();
      await until(async () => (await instance.app.get(RedisConnection).ask((client) => client.ping())) !== null);
    }
  });
  afterAll(async () => {
    redis.thaw();
    await one.stop();
    await other.stop();
    await redis.go();
    await dropDatabase(database);
  });

  const statusAt = async ({ call }: Instance, key: string) =>
    (await call({ key, path: `/v1/brands/licenses?email=${world.email}` })).status;
  /** A key of the brand that the instances know, each by itself. */
  async function knownKey(...instances: Instance[]) {
    const key = await world.issueKey(['licenses:read']);
    for (const instance of instances) expect(await statusAt(instance, key.secret)).toBe(200);
    return key;
  }
  const revoke = ({ id }: { id: string }) => world.operate({ method: 'DELETE', path: `/v1/brands/${world.slug}/api-keys/${id}` }).then(ok);
  const product = () => `/v1/brands/${world.slug}/products/${world.product}`;
  const nameAt = async ({ call }: Instance) => ok(await call({ key: world.key, path: product() })).name as string;
  const rename = (name: string) => world.call({ method: 'PATCH', path: product(), body: { name } }).then(ok);
  /** As if so much time had passed for what the instance remembers. */
  const later = ({ app }: Instance, ms: number) => (app.get(ProcessCache).now = () => performance.now() + ms);

  const worksWithout = async () => {
    const [known, unknown] = [await knownKey(one, other), await world.issueKey(['licenses:read'])];
    expect([await statusAt(one, unknown.secret), await statusAt(other, unknown.secret)]).toEqual([200, 200]);
    await nameAt(other);
    await rename('Renamed without');
    await revoke(known);
    expect([await statusAt(one, known.secret), await nameAt(one)]).toEqual([401, 'Renamed without']);
    later(other, 4_000);
    expect([await statusAt(other, known.secret), await nameAt(other)]).toEqual([401, 'Renamed without']);
    expect([await statusAt(one, world.key), await statusAt(other, unknown.secret)]).toEqual([200, 200]);
  };

  it('the database is asked neither for a known API key nor for the brand of a known license key', async () => {
    const { app, call } = one;
    const key = await knownKey(one);
    const verify = () => call({ path: '/v1/licenses/verify', body: { license_key: world.licenseKey } }).then(ok);
    await verify();
    const asked = jest.spyOn(app.get(Database), 'beforeBrand');
    for (let i = 0; i < 3; i += 1) expect([(await verify()).valid, await statusAt(one, key.secret)]).toEqual([true, 200]);
    expect(asked.mock.calls.filter(([sql]) => /find_api_key|brand_of_key_prefix/.test(sql))).toEqual([]);
    asked.mockRestore();
  });

  it('a key that one revokes is dead there at once, and on the other within moments', async () => {
    const key = await knownKey(one, other);
    await revoke(key);
    expect(await statusAt(one, key.secret)).toBe(401);
    await until(async () => (await statusAt(other, key.secret)) === 401, 2_000);
    expect(await statusAt(other, world.key)).toBe(200);
  });

  it('a brand that one suspends is suspended there at once, and on the other within moments', async () => {
    await knownKey(one, other);
    const setStatus = (status: string) => world.operate({ method: 'PATCH', path: `/v1/brands/${world.slug}`, body: { status } }).then(ok);
    await setStatus('suspended');
    expect(await statusAt(one, world.key)).toBe(403);
    await until(async () => (await statusAt(other, world.key)) === 403, 2_000);
    await setStatus('active');
    expect(await statusAt(one, world.key)).toBe(200);
    await until(async () => (await statusAt(other, world.key)) === 200, 2_000);
  });

  it('a product that one changes is read so there at once, on the other within moments, and sold so everywhere at once', async () => {
    for (const instance of [one, other]) expect(await nameAt(instance)).toBe('Pro');
    ok(await world.call({ method: 'PATCH', path: product(), body: { name: 'Other', seat_limit: 77 } }));
    const body = { customer_email: world.email, licenses: [{ product_code: world.product }] };
    const sold = ok(await other.call({ key: world.key, path: `/v1/brands/${world.slug}/licenses`, body }));
    expect(sold.licenses[0].seats.limit).toBe(77);
    expect(await nameAt(one)).toBe('Other');
    await until(async () => (await nameAt(other)) === 'Other', 2_000);
  });

  it('when Redis freezes, one request waits for it and no other, and all are answered right', async () => {
    const fresh = await Promise.all(Array.from({ length: 4 }, () => world.issueKey(['licenses:read'])));
    redis.freeze();
    for (const instance of [one, other]) {
      // Of a group that was forgotten a moment ago, Redis would not be asked.
      later(instance, 5_000);
      const took = await timed(async () => {
        for (const { secret } of fresh) expect(await statusAt(instance, secret)).toBe(200);
      });
      expect(took).toBeLessThan(700);
      later(instance, 0);
    }
    await worksWithout();
  });

  it('when Redis dies, all are answered right', async () => {
    await knownKey(one, other);
    await redis.go();
    try {
      await worksWithout();
    } finally {
      await redis.come();
    }
  });

  it('when Redis was emptied, all are answered right', async () => {
    const key = await knownKey(one, other);
    await one.app.get(RedisConnection).client!.flushall();
    await revoke(key);
    await one.app.get(RedisConnection).client!.flushall();
    expect(await statusAt(one, key.secret)).toBe(401);
    await until(async () => (await statusAt(other, key.secret)) === 401, 2_000);
    expect([await statusAt(one, world.key), await statusAt(other, world.key)]).toEqual([200, 200]);
  });
});
