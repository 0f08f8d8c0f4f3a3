import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisStorage } from '../../libs/http/rate-limits/redis-storage';
import { type Bucket, RateLimitStorage } from '../../libs/http/rate-limits/storage';
import { dropDatabase, freshDatabase, runtimeUrl } from '../../libs/testing/database';
import type { TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { secrets } from '../fixtures/processes';
import { OwnRedis, withRedis } from '../fixtures/redis';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(30_000);
// What is said when Redis comes and goes.
Logger.overrideLogger(false);

async function until(reached: () => boolean, limitMs = 8_000): Promise<void> {
  for (const start = performance.now(); !reached(); await sleep(20)) {
    if (performance.now() - start > limitMs) throw new Error(`Not within ${limitMs} ms`);
  }
}

withRedis('Limits counted in Redis', () => {
  let redis: OwnRedis;
  const opened: { storage: RedisStorage; client: Redis }[] = [];
  let keys = 0;

  /** An instance, as far as limits are concerned. Patient, so that a slow machine is not taken for a Redis that is away. */
  const instance = async (deadlineMs = 2_000): Promise<RedisStorage> => {
    // It is the deadline that ends the waiting, not the time-out of the connection.
    const options = { commandTimeout: 5_000, maxRetriesPerRequest: 1, enableOfflineQueue: false, retryStrategy: () => 50 };
    const client = new Redis(redis.url, options).on('error', () => undefined);
    await new Promise((ready) => client.once('ready', ready));
    const storage = Object.assign(new RedisStorage(client), { deadlineMs });
    opened.push({ storage, client });
    return storage;
  };
  const aBucket = (limit = 20): Bucket => ({ key: `test:${(keys += 1)}`, limit, windowMs: 60_000 });
  const takeMany = async (storages: RedisStorage[], times: number, ...buckets: Bucket[]) => {
    const counts = await Promise.all(Array.from({ length: times }, (_, i) => storages[i % storages.length]!.take(buckets)));
    return counts.filter(({ allowed }) => allowed).length;
  };
  const leave = async () => {
    for (const { storage, client } of opened.splice(0)) {
      await storage.beforeApplicationShutdown();
      client.disconnect();
    }
  };

  beforeAll(async () => {
    redis = await OwnRedis.start();
  });
  afterEach(leave);
  afterAll(() => redis.go());

  it('let exactly the limit through, however many instances count at once', async () => {
    const both = [await instance(), await instance()];
    expect(await takeMany(both, 400, aBucket())).toBe(20);
    expect(await takeMany(both, 1_000, aBucket(7))).toBe(7);
    expect(both.map(({ isAway }) => isAway)).toEqual([false, false]);
  });

  it('take from all buckets or from none, over instances too', async () => {
    const both = [await instance(), await instance()];
    const [site, other, key] = [aBucket(3), aBucket(3), aBucket(5)];
    expect(await takeMany(both, 300, site, key)).toBe(3);
    expect(await takeMany(both, 300, other, key)).toBe(2);
  });

  it('say the same as limits counted in memory', async () => {
    const one = await instance();
    const bucket = aBucket(3);
    const counts = [];
    for (let i = 0; i < 4; i += 1) counts.push(await one.take([bucket]));
    expect(counts.map(({ allowed, standings }) => [allowed, standings[0]!.remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    expect(counts[3]!.standings[0]!.moreInMs).toBeGreaterThan(15_000);
    expect(counts[3]!.standings[0]!.moreInMs).toBeLessThanOrEqual(20_000);
  });

  it('are exact to the microsecond', async () => {
    const one = await instance();
    const bucket = aBucket(1_000_000);
    const counts = await Promise.all(Array.from({ length: 100 }, () => one.take([bucket])));
    expect(counts.map(({ standings }) => standings[0]!.remaining)).toEqual(counts.map((_, i) => 999_999 - i));
  });

  it('let nobody wait longer than a window, were he counted by a clock that ran ahead', async () => {
    const one = await instance();
    const bucket = aBucket(2);
    await opened[0]!.client.set(`latchkey:rate:${bucket.key}`, String((Date.now() + 3_600_000) * 1000));
    expect(await one.take([bucket])).toEqual({ allowed: false, standings: [{ remaining: 0, moreInMs: 30_000 }] });
  });

  it('are forgotten by Redis when they are full again', async () => {
    const one = await instance();
    const bucket = aBucket(20);
    await one.take([bucket]);
    const { client } = opened[0]!;
    const left = await client.pttl(`latchkey:rate:${bucket.key}`);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(3_000);
  });

  it('begin anew in a Redis that was emptied, of its scripts too, without a pause', async () => {
    const both = [await instance(), await instance()];
    const bucket = aBucket();
    expect(await takeMany(both, 60, bucket)).toBe(20);
    await opened[0]!.client.flushall();
    await opened[0]!.client.script('FLUSH');
    expect(await takeMany(both, 200, bucket)).toBe(20);
    expect(both.map(({ isAway }) => isAway)).toEqual([false, false]);
  });

  it('are divided by the instances that are there, and by one less when one has left', async () => {
    const [one, other] = [await instance(), await instance()];
    await takeMany([one, other], 2, aBucket());
    await until(() => one.instances === 2 && other.instances === 2);
    await other.beforeApplicationShutdown();
    await until(() => one.instances === 1);
  });

  describe.each([
    ['frozen', () => redis.freeze(), () => redis.thaw()],
    ['killed', () => redis.go(), () => redis.come()],
  ])('while Redis is %s', (_, away: () => void | Promise<void>, back: () => void | Promise<void>) => {
    it('cost the deadline once, are counted by share, and are exact again when it is back', async () => {
      const both = [await instance(), await instance()];
      await takeMany(both, 2, aBucket());
      await until(() => both.every(({ instances }) => instances === 2));
      for (const one of both) one.deadlineMs = 10;

      await away();
      const start = performance.now();
      const bucket = aBucket();
      for (let i = 0; i < 5; i += 1) await takeMany(both, 40, bucket);
      expect(performance.now() - start).toBeLessThan(350);
      expect(both.map(({ isAway }) => isAway)).toEqual([true, true]);
      expect(await takeMany(both, 400, aBucket())).toBe(20);

      for (const one of both) one.deadlineMs = 2_000;
      await back();
      await until(() => both.every(({ isAway }) => !isAway));
      expect(await takeMany(both, 400, aBucket())).toBe(20);
    });
  });

  describe('for two services over one database', () => {
    let database: string;
    let services: Awaited<ReturnType<typeof serviceOver>>[];
    let world: BrandWorld;
    beforeAll(async () => {
      database = await freshDatabase();
      const limits = { RATE_LIMITS: 'on', RATE_LIMIT_INSTANCE: '20', RATE_LIMIT_FAILED_TRIES: '5', BACKGROUND_WORK: 'false' };
      const environment = { ...secrets, ...limits, REDIS_URL: redis.url };
      services = [await serviceOver(runtimeUrl(database), environment), await serviceOver(runtimeUrl(database), environment)];
      storages().forEach((one) => (one.deadlineMs = 2_000));
      world = await createBrandWorld(services[0] as unknown as TestService, { seats: null });
    });
    afterAll(async () => {
      redis.thaw();
      for (const { stop } of services) await stop();
      await dropDatabase(database);
    });

    const storages = () => services.map(({ app }) => app.get<unknown, RedisStorage>(RateLimitStorage));
    const verify = (i: number, instance: string, more: object = {}) =>
      services[i % 2]!.call({
        path: '/v1/licenses/verify',
        body: { license_key: world.licenseKey, product_code: world.product, instance_id: instance, ...more },
      });
    const verifyMany = async (times: number, instance: string) => {
      const answers = await Promise.all(Array.from({ length: times }, (_, i) => verify(i, instance)));
      return [200, 429].map((wanted) => answers.filter(({ status }) => status === wanted).length);
    };

    it('let exactly the limit through', async () => {
      await until(() => storages().every(({ isAway }) => !isAway));
      expect(await verifyMany(60, 'one')).toEqual([20, 40]);
    });

    it('show Redis neither a license key nor an instance', async () => {
      await verify(0, 'https://secret.example');
      const client = new Redis(redis.url);
      const names = (await client.keys('*')).join(' ');
      client.disconnect();
      expect(names).toContain('latchkey:rate:instance:');
      expect(names).not.toContain('secret.example');
      expect(names).not.toContain(world.licenseKey.slice(-11));
    });

    it('stop who guesses through one of them and then the other', async () => {
      const statuses = [];
      for (let i = 0; i < 9; i += 1) statuses.push((await verify(i, 'guess', { license_key: 'not-a-key' })).status);
      // Each learns of it when it counts a failure itself.
      expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(6);
      expect(statuses.slice(-2)).toEqual([429, 429]);
    });

    it('answer rightly while Redis is frozen, and cost at most a moment', async () => {
      storages().forEach((one) => (one.deadlineMs = 10));
      await until(() => storages().every(({ instances }) => instances === 2));
      const calm = await timed(() => verify(0, 'calm'));
      redis.freeze();
      const asks = (i: number) => timed(async () => expect(ok(await verify(i, 'frozen'))).toMatchObject({ code: 'not_activated' }));
      // Each service finds out by itself. The machine may pause, so the better one counts.
      expect(Math.min(await asks(0), await asks(1)) - calm).toBeLessThan(350);
      const [served, refused] = await verifyMany(60, 'frozen');
      expect([served! >= 18 && served! <= 20, served! + refused!]).toEqual([true, 60]);
      redis.thaw();
      storages().forEach((one) => (one.deadlineMs = 2_000));
      await until(() => storages().every(({ isAway }) => !isAway));
      expect(await verifyMany(60, 'thawed')).toEqual([20, 40]);
    });
  });
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
