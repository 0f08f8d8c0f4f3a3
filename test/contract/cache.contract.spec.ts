import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Cache } from '../../libs/persistence/cache';
import { ProcessCache } from '../../libs/persistence/process-cache';
import { RedisCache } from '../../libs/persistence/redis-cache';
import { Vault } from '../../libs/vault/vault';
import { RedisConnection } from '../../src/core/redis';
import { OwnRedis, withRedis } from '../fixtures/redis';

const vaultWith = (secret: string) => new Vault({ all: [{ version: 1, secret }] });
const closing: (() => unknown)[] = [];
let redis: OwnRedis | undefined;

interface Instance {
  readonly cache: Cache;
  readonly process: ProcessCache;
  readonly connection: RedisConnection;
}

/** An instance of the service, as far as its cache is concerned. Its memory is empty; Redis they have in common. */
async function instance({ boundMs = 4_000, secret = 'the encryption key of the tests', deaf = false } = {}): Promise<Instance> {
  redis ??= await OwnRedis.start();
  const process = new ProcessCache(boundMs);
  const connection = new RedisConnection({ url: redis.url });
  closing.push(() => connection.onApplicationShutdown());
  const listen = connection.listen.bind(connection);
  const hears = new Promise<void>((resolve) => {
    connection.listen = (channel, heard, missed) => (deaf ? resolve() : listen(channel, heard, () => (missed(), resolve())));
  });
  const cache = new RedisCache(process, connection, vaultWith(secret));
  await Promise.all([once(connection.client!, 'ready'), hears]);
  return { cache, process, connection };
}

afterAll(async () => {
  for (const close of closing) await close();
  await redis?.go();
});

const inProcess = async ({ boundMs = 4_000 } = {}): Promise<Pick<Instance, 'cache' | 'process'>> => {
  const process = new ProcessCache(boundMs);
  return { cache: process, process };
};

/** A group that no other test knows. */
const aGroup = (): string => `group-${randomBytes(6).toString('hex')}`;

/** Answers 1, 2, 3 … */
function counting() {
  let loads = 0;
  return async () => ++loads;
}

/** A load that is under way until it is let go. */
function slow<T>(value: T) {
  let letGo = () => undefined as void;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  return { load: () => gate.then(() => value), letGo };
}

const valueOf = async (cache: Cache, group: string, load: () => Promise<unknown>, key = 'key') =>
  (await cache.remember(group, key, load))?.value;

const adapters: [string, typeof describe, (options?: { boundMs?: number }) => Promise<Pick<Instance, 'cache' | 'process'>>][] = [
  ['the process', describe, inProcess],
  ['Redis', withRedis, instance],
];

for (const [technology, section, open] of adapters) {
  section(`${Cache.name} in ${technology}`, () => {
    it('remembers what was loaded, for each key of each group', async () => {
      const { cache } = await open();
      const [group, load] = [aGroup(), counting()];
      for (let i = 0; i < 3; i += 1) {
        expect(await valueOf(cache, group, load)).toBe(1);
        expect(await valueOf(cache, group, async () => 'other', 'other key')).toBe('other');
        expect(await valueOf(cache, aGroup(), async () => i)).toBe(i);
      }
    });

    it('remembers neither that there is nothing nor a failure', async () => {
      const { cache } = await open();
      const group = aGroup();
      expect(await cache.remember(group, 'key', async () => null)).toBeNull();
      await expect(cache.remember(group, 'key', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
      expect(await valueOf(cache, group, async () => 'there')).toBe('there');
    });

    it('tells the age of what it gives, and gives nothing that is older than its bound', async () => {
      const { cache } = await open({ boundMs: 300 });
      const [group, load] = [aGroup(), counting()];
      expect(await cache.remember(group, 'key', load)).toEqual({ value: 1, ageMs: 0 });
      for (let i = 0; i < 10; i += 1, await sleep(50)) expect((await cache.remember(group, 'key', load))!.ageMs).toBeLessThan(300);
      expect(await valueOf(cache, group, load)).toBeGreaterThan(1);
    });

    it('forgets a group, and no other', async () => {
      const { cache } = await open();
      const [group, other, load] = [aGroup(), aGroup(), counting()];
      expect([await valueOf(cache, group, load), await valueOf(cache, other, load)]).toEqual([1, 2]);
      cache.forget(group);
      expect([await valueOf(cache, group, load), await valueOf(cache, other, load)]).toEqual([3, 2]);
    });

    it('does not remember what began to be loaded before the group was forgotten', async () => {
      const { cache } = await open();
      const [group, { load, letGo }] = [aGroup(), slow('before the change')];
      const early = valueOf(cache, group, load);
      await sleep(20);
      cache.forget(group);
      letGo();
      expect(await early).toBe('before the change');
      expect(await valueOf(cache, group, async () => 'after')).toBe('after');
    });

    it('keeps times and bytes what they are', async () => {
      const { cache } = await open();
      const [group, value] = [aGroup(), { at: new Date(), hash: randomBytes(32), none: null, list: [1, { a: 'ä' }] }];
      for (let i = 0; i < 2; i += 1) expect(await valueOf(cache, group, async () => value)).toEqual(value);
    });
  });
}

describe(`${ProcessCache.name}`, () => {
  it('does not grow without end', async () => {
    const cache = new ProcessCache(4_000, 2);
    const load = counting();
    for (const key of ['a', 'b', 'c']) await cache.remember('group', key, load);
    expect([await valueOf(cache, 'group', load, 'c'), await valueOf(cache, 'group', load, 'b')]).toEqual([3, 2]);
    expect(await valueOf(cache, 'group', load, 'a')).toBe(4);
  });
});

withRedis(`${RedisCache.name}`, () => {
  /** Once what this instance sent before has been done. */
  const settled = ({ connection }: Instance) => connection.client!.ping();
  const shift = ({ process }: Instance, ms: number) => (process.now = () => performance.now() + ms);
  /** Where waiting does not help. */
  const unbounded = { boundMs: 60_000 };
  const never = () => Promise.reject(new Error('Nobody should have asked'));

  it('gives one instance what another has loaded, as old as it is', async () => {
    const [one, other] = [await instance(), await instance()];
    const [group, value] = [aGroup(), { at: new Date(), hash: randomBytes(32) }];
    await one.cache.remember(group, 'key', async () => value);
    await settled(one);
    await sleep(20);
    const found = await other.cache.remember(group, 'key', never);
    expect(found!.value).toEqual(value);
    expect(found!.ageMs).toBeGreaterThanOrEqual(19);
    // It does not begin a new life there.
    shift(other, 4_000 - 19);
    expect((await other.cache.remember(group, 'key', never))!.ageMs).toBeLessThan(4_000 - 19);
  });

  it('tells the others to forget', async () => {
    const [one, other] = [await instance(unbounded), await instance(unbounded)];
    const group = aGroup();
    for (const { cache } of [one, other]) expect(await valueOf(cache, group, async () => 'before')).toBe('before');
    one.cache.forget(group);
    while ((await valueOf(other.cache, group, async () => 'after')) !== 'after') await sleep(5);
    // Nor does it take for the truth what may still be on its way to Redis.
    expect(await valueOf(other.cache, group, never)).toBe('after');
  });

  it('gives nobody what began to be loaded before the change, however late it was put there', async () => {
    const late = async (boundMs: number, waitMs: number) => {
      const [one, other, third] = [await instance({ boundMs }), await instance({ boundMs }), await instance({ boundMs, deaf: true })];
      const [group, { load, letGo }] = [aGroup(), slow('before the change')];
      const early = valueOf(one.cache, group, load);
      await settled(one);
      other.cache.forget(group);
      await settled(other);
      await sleep(waitMs);
      letGo();
      await early;
      await settled(one);
      return valueOf(third.cache, group, async () => 'after');
    };
    expect(await late(4_000, 0)).toBe('after');
    // Here the mark of the change is gone by then.
    expect(await late(150, 200)).toBe('after');
  });

  it('takes nothing from a Redis that could not be told of its own change', async () => {
    const [one, other] = [await instance(), await instance()];
    const group = aGroup();
    await other.cache.remember(group, 'key', async () => 'before');
    await settled(other);
    const { client } = one.connection;
    Object.defineProperty(one.connection, 'client', { value: null });
    one.cache.forget(group);
    Object.defineProperty(one.connection, 'client', { value: client });
    expect(await valueOf(one.cache, group, async () => 'after')).toBe('after');
  });

  it('forgets all whenever it begins to hear again', async () => {
    const [one, other] = [await instance(unbounded), await instance(unbounded)];
    const group = aGroup();
    await other.cache.remember(group, 'key', async () => 'before');
    await settled(other);
    await redis!.go();
    one.cache.forget(group);
    await redis!.come();
    while ((await valueOf(other.cache, group, async () => 'after')) !== 'after') await sleep(20);
  }, 10_000);

  it('believes nothing that was moved, forged or sealed with other keys', async () => {
    const [one, stranger] = [await instance(), await instance({ secret: 'the secret of another installation' })];
    const group = aGroup();
    await one.cache.remember(group, 'mine', async () => 'mine');
    await settled(one);
    const plain = new Redis(redis!.url);
    const [name] = await plain.keys(`*${group}*mine`);
    const sealed = (await plain.getBuffer(name!))!;
    expect(sealed.includes('mine')).toBe(false);
    await plain.set(name!.replace('mine', 'theirs'), sealed);
    await plain.set(name!.replace('mine', 'forged'), 'forged');
    plain.disconnect();
    for (const key of ['theirs', 'forged']) expect(await valueOf(one.cache, group, async () => 'loaded', key)).toBe('loaded');
    expect(await valueOf(stranger.cache, group, async () => 'loaded', 'mine')).toBe('loaded');
  });

  it('waits once for a frozen Redis, not again, and goes on with it once it thaws', async () => {
    const one = await instance();
    const [group, load] = [aGroup(), counting()];
    await valueOf(one.cache, group, load, 'a');
    redis!.freeze();
    const start = performance.now();
    for (const key of ['b', 'c', 'd', 'e']) await valueOf(one.cache, group, load, key);
    expect(performance.now() - start).toBeLessThan(600);
    redis!.thaw();
    const found = async () => one.connection.ask((client) => client.get('nothing').then(() => 'answered'));
    while ((await found()) !== 'answered') await sleep(20);
  }, 10_000);
});
