import { type Bucket, type Count, RateLimitStorage, stepOf, standingOf } from './storage';

const microseconds = (): number => Math.floor(performance.now() * 1000);
const samples = 8;

/**
 * Counts in this process. Memory is bounded: when all places are taken, a new key gets the place of the one, of a few picked at random,
 * that is soonest full again. A flood of new keys thus pushes out itself and what hardly counts, not those who are near their limit.
 */
export class MemoryStorage extends RateLimitStorage {
  private readonly places = new Map<string, number>();
  private readonly keys: string[] = [];
  /** When the bucket at that place is full again, in microseconds. */
  private readonly fullAt: Float64Array;

  constructor(
    private readonly capacity = 100_000,
    private readonly now: () => number = microseconds,
  ) {
    super();
    this.fullAt = new Float64Array(capacity);
  }

  get size(): number {
    return this.places.size;
  }

  take(buckets: readonly Bucket[]): Promise<Count> {
    return Promise.resolve(this.takeNow(buckets));
  }

  takeNow(buckets: readonly Bucket[]): Count {
    const now = this.now();
    const steps = buckets.map(stepOf);
    const debts = buckets.map(({ key }) => this.debtOf(key, now));
    const allowed = buckets.every(({ limit }, i) => debts[i]! + steps[i]! <= steps[i]! * limit);
    const standings = buckets.map((bucket, i) => {
      const debt = allowed ? debts[i]! + steps[i]! : debts[i]!;
      if (allowed) this.fullAt[this.placeOf(bucket.key, now)] = now + debt;
      return standingOf(bucket, steps[i]!, debt);
    });
    return { allowed, standings };
  }

  private debtOf(key: string, now: number): number {
    const place = this.places.get(key);
    return place === undefined ? 0 : Math.max(0, this.fullAt[place]! - now);
  }

  private placeOf(key: string, now: number): number {
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const place = this.keys.length < this.capacity ? this.keys.length : this.leastNeeded(now);
    if (place < this.keys.length) this.places.delete(this.keys[place]!);
    this.keys[place] = key;
    this.places.set(key, place);
    return place;
  }

  private leastNeeded(now: number): number {
    let least = Math.floor(Math.random() * this.capacity);
    for (let tries = 1; tries < samples && this.fullAt[least]! > now; tries++) {
      const other = Math.floor(Math.random() * this.capacity);
      if (this.fullAt[other]! < this.fullAt[least]!) least = other;
    }
    return least;
  }
}
