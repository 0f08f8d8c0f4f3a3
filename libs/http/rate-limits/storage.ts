import type { ThrottlerStorage } from '@nestjs/throttler';

/** What is counted under one key: so many a window. */
export interface Bucket {
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
}

/** How a bucket stands afterwards. */
export interface Standing {
  readonly remaining: number;
  /** Milliseconds until there is one more; 0 when nothing was taken. */
  readonly moreInMs: number;
}

export interface Count {
  readonly allowed: boolean;
  /** In the order of the buckets. */
  readonly standings: readonly Standing[];
}

/**
 * Counts by the generic cell rate algorithm (GCRA): a bucket gives its whole limit at once and gets it back evenly over the window. One
 * number a key says everything: the time at which the bucket is full again. Unlike fixed windows it has no boundary behind which the same
 * burst is let through again, unlike a weighted pair of them it knows exactly when the next hit is let through, and hits that are refused
 * cost nothing.
 */
export abstract class RateLimitStorage implements ThrottlerStorage {
  /** Takes one from each bucket, or from none when one of them is empty: who is stopped by his own limit uses up nobody else's. */
  abstract take(buckets: readonly Bucket[]): Promise<Count>;

  /** As @nestjs/throttler asks. There is no blocking on top of a limit: an empty bucket refills by itself. */
  async increment(key: string, windowMs: number, limit: number, _blockMs: number, name: string) {
    const { allowed, standings } = await this.take([{ key: `${name}:${key}`, limit, windowMs }]);
    const { remaining, moreInMs } = standings[0]!;
    const seconds = Math.ceil(moreInMs / 1000);
    return { totalHits: limit - remaining + (allowed ? 0 : 1), timeToExpire: seconds, isBlocked: !allowed, timeToBlockExpire: seconds };
  }
}

/** Microseconds until a bucket has one more. Whole, so that a limit is a limit and not one less by rounding. */
export const stepOf = ({ limit, windowMs }: Bucket): number => Math.floor((windowMs * 1000) / limit);

/** @param debt microseconds until the bucket is full again */
export function standingOf({ limit }: Bucket, step: number, debt: number): Standing {
  const remaining = Math.max(0, Math.floor(limit - debt / step));
  return { remaining, moreInMs: Math.max(0, debt - step * (limit - remaining - 1)) / 1000 };
}
