import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { newId } from '../../kernel/id';
import { MemoryStorage } from './memory-storage';
import { beatScript, takeScript } from './redis-scripts';
import { type Bucket, type Count, RateLimitStorage, stepOf, standingOf } from './storage';

interface Hit {
  readonly buckets: readonly Bucket[];
  readonly answer: (count: Count) => void;
}

interface Scripts {
  rateLimitTake(keys: number, ...keysAndNumbers: (string | number)[]): Promise<number[]>;
  rateLimitBeat(keys: 1, instances: string, id: string, livesMs: number): Promise<number>;
}

const instances = 'latchkey:rate:instances';
const beatMs = 1_000;
/** An instance that was silent for so long shares the limits no more. */
const livesMs = 10_000;
const largestBatch = 256;

/**
 * Counts in Redis, so that all instances together let a limit through once. Hits of one turn of the event loop share one call of the script:
 * one round trip and one deadline, however many they are. (ioredis could pipeline them by itself, but that would concern every
 * user of the connection and run the script once for each.)
 *
 * A Redis that is late or gone costs the requests of that moment the deadline. From then on each instance counts its share of the limits
 * in memory, the limit divided by the instances seen last, until the heartbeat, which no request waits for, finds Redis answering in time.
 */
export class RedisStorage extends RateLimitStorage implements BeforeApplicationShutdown {
  /** How long a request waits for Redis. */
  deadlineMs = 10;
  /** How many instances share the limits, as far as is known. */
  instances = 1;
  private readonly logger = new Logger(RedisStorage.name);
  private readonly redis: Redis & Scripts;
  private readonly id = newId();
  private readonly memory = new MemoryStorage();
  private waiting: Hit[] = [];
  private away = false;
  private beating: NodeJS.Timeout | null = null;

  constructor(redis: Redis) {
    super();
    redis.defineCommand('rateLimitTake', { lua: takeScript });
    redis.defineCommand('rateLimitBeat', { lua: beatScript });
    redis.on('ready', () => this.beating && void this.beat());
    this.redis = redis as Redis & Scripts;
  }

  get isAway(): boolean {
    return this.away;
  }

  take(buckets: readonly Bucket[]): Promise<Count> {
    // From the first request on: a command at the console is no instance that shares the limits.
    if (!this.beating) this.start();
    if (this.away) return this.alone(buckets);
    return new Promise((answer) => {
      if (this.waiting.push({ buckets, answer }) === 1) setImmediate(() => this.flush());
    });
  }

  /** The others get the share of this instance at once. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!this.beating) return;
    clearInterval(this.beating);
    if (!this.away) await this.inTime(this.redis.zrem(instances, this.id));
  }

  private start(): void {
    this.beating = setInterval(() => void this.beat(), beatMs).unref();
    void this.beat();
  }

  private alone(buckets: readonly Bucket[]): Promise<Count> {
    const share = (limit: number) => Math.max(1, Math.floor(limit / this.instances));
    return this.memory.take(this.instances === 1 ? buckets : buckets.map((bucket) => ({ ...bucket, limit: share(bucket.limit) })));
  }

  private flush(): void {
    const hits = this.waiting;
    this.waiting = [];
    for (let from = 0; from < hits.length; from += largestBatch) void this.ask(hits.slice(from, from + largestBatch));
  }

  private async ask(hits: readonly Hit[]): Promise<void> {
    const keys = hits.flatMap(({ buckets }) => buckets.map(({ key }) => `latchkey:rate:${key}`));
    const numbers = hits.flatMap(({ buckets }) => [buckets.length, ...buckets.flatMap((bucket) => [stepOf(bucket), bucket.limit])]);
    const said = await this.inTime(this.redis.rateLimitTake(keys.length, ...keys, ...numbers));
    if (said === late) {
      this.note(true);
      for (const { buckets, answer } of hits) void this.alone(buckets).then(answer);
      return;
    }
    let at = 0;
    for (const { buckets, answer } of hits) {
      const allowed = said[at++] === 1;
      answer({ allowed, standings: buckets.map((bucket) => standingOf(bucket, stepOf(bucket), said[at++]!)) });
    }
  }

  private async beat(): Promise<void> {
    const count = await this.inTime(this.redis.rateLimitBeat(1, instances, this.id, livesMs));
    if (count !== late) this.instances = Math.max(1, count);
    this.note(count === late);
  }

  private note(away: boolean): void {
    if (away === this.away) return;
    this.away = away;
    if (away) this.logger.warn(`Redis does not answer in ${this.deadlineMs} ms: limits are divided by ${this.instances} and counted here`);
    else this.logger.warn('Redis answers again: limits are counted there');
  }

  private async inTime<T>(asked: Promise<T>): Promise<T | typeof late> {
    const ends = new AbortController();
    const deadline: Promise<typeof late> = sleep(this.deadlineMs, undefined, { signal: ends.signal }).then(
      nextTurn,
      (): typeof late => late,
    );
    const answer = asked.catch((): typeof late => late).finally(() => ends.abort());
    return Promise.race([answer, deadline]);
  }
}

const late = Symbol('late');

/** After a pause of this process, what Redis answered meanwhile is read before anyone calls it late. */
const nextTurn = (): Promise<typeof late> => new Promise((resolve) => setImmediate(resolve, late));
