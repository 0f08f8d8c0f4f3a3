import { MemoryStorage } from './memory-storage';
import type { Bucket } from './storage';

const minute = 60_000_000;

describe('Limits counted in memory', () => {
  let now = 0;
  const storage = (capacity?: number) => new MemoryStorage(capacity, () => now);
  const bucket = (key: string, limit = 10): Bucket => ({ key, limit, windowMs: 60_000 });
  const takeMany = (from: MemoryStorage, times: number, ...buckets: Bucket[]) =>
    Array.from({ length: times }, () => from.takeNow(buckets)).filter(({ allowed }) => allowed).length;
  beforeEach(() => {
    now = minute;
  });

  it.each([1, 3, 7, 10, 120, 4_999])('let exactly %i through at once', (limit) => {
    expect(takeMany(storage(), limit + 5, bucket('a', limit))).toBe(limit);
  });

  it('come back evenly, and say when', () => {
    const counts = storage();
    expect(counts.takeNow([bucket('a')])).toEqual({ allowed: true, standings: [{ remaining: 9, moreInMs: 6000 }] });
    takeMany(counts, 9, bucket('a'));
    now += 5_999_999;
    expect(counts.takeNow([bucket('a')])).toEqual({ allowed: false, standings: [{ remaining: 0, moreInMs: 0.001 }] });
    now += 1;
    expect(takeMany(counts, 5, bucket('a'))).toBe(1);
    now += minute;
    expect(takeMany(counts, 20, bucket('a'))).toBe(10);
  });

  it('never let more through in any minute than twice the limit, nor less of a steady stream than the limit', () => {
    const counts = storage();
    let passed = 0;
    for (let i = 0; i < 600; i += 1, now += minute / 600) passed += takeMany(counts, 3, bucket('a'));
    expect(passed).toBe(10 + 9);
  });

  it('are kept apart by key', () => {
    const counts = storage();
    expect(takeMany(counts, 20, bucket('a'))).toBe(10);
    expect(takeMany(counts, 20, bucket('b'))).toBe(10);
  });

  it('take from all buckets or from none', () => {
    const counts = storage();
    expect(takeMany(counts, 500, bucket('site', 3), bucket('key', 5))).toBe(3);
    expect(takeMany(counts, 500, bucket('other site', 3), bucket('key', 5))).toBe(2);
    expect(counts.takeNow([bucket('other site', 3)]).standings[0]!.remaining).toBe(0);
  });

  it('may be lowered: nobody waits longer than the new limit asks', () => {
    const counts = storage();
    takeMany(counts, 10, bucket('a', 10));
    const { allowed, standings } = counts.takeNow([bucket('a', 2)]);
    expect([allowed, standings[0]]).toEqual([false, { remaining: 0, moreInMs: 30_000 }]);
  });

  it('stay in their memory under a flood of new keys, which makes nobody forget who is near a limit', () => {
    const counts = storage(2_000);
    const busy = Array.from({ length: 100 }, (_, i) => bucket(`busy ${i}`));
    for (const one of busy) takeMany(counts, 10, one);
    for (let i = 0; i < 50_000; i += 1) counts.takeNow([bucket(`flood ${i}`)]);
    expect(counts.size).toBe(2_000);
    expect(busy.filter((one) => counts.takeNow([one]).allowed)).toHaveLength(0);
  });

  it('speak the language of @nestjs/throttler too', async () => {
    const counts = storage();
    const hits = [];
    for (let i = 0; i < 3; i += 1) hits.push(await counts.increment('a', 60_000, 2, 0, 'default'));
    expect(hits).toMatchObject([
      { totalHits: 1, isBlocked: false },
      { totalHits: 2, isBlocked: false },
      { totalHits: 3, isBlocked: true, timeToBlockExpire: 30 },
    ]);
  });
});
