import { deserialize, serialize } from 'node:v8';
import type { ChainableCommander, Redis } from 'ioredis';
import type { Vault } from '../vault/vault';
import { Cache, type Remembered } from './cache';
import type { ProcessCache } from './process-cache';

/** What the cache needs of the connection. */
export interface AskableRedis {
  readonly client: Redis | null;
  ask<T>(question: (client: Redis) => Promise<T>): Promise<T | null>;
  listen(channel: string, heard: (message: string) => void, missed: () => void): void;
}

interface Shared {
  /** By the clock of Redis, in ms: when whoever loaded it began to. */
  readonly rightAt: number;
  readonly value: unknown;
}

const channel = 'latchkey:forget';

/**
 * In front the memory of the process, behind it a Redis that the instances share, and through which they tell each other of changes.
 *
 * A forgotten group leaves a mark in Redis for as long as an answer may be old; meanwhile nobody takes what lies there. An answer
 * that began to be loaded before the change may be put there late, but it ends (PXAT) by when it began, so it is gone before the mark is.
 * Answers are sealed: whoever can write to Redis can neither read nor make one.
 */
export class RedisCache implements Cache {
  constructor(
    private readonly process: ProcessCache,
    private readonly redis: AskableRedis,
    private readonly vault: Vault,
  ) {
    redis.listen(
      channel,
      (group) => process.forget(group),
      () => process.forgetAll(),
    );
  }

  remember<T>(group: string, key: string, load: () => Promise<T | null>): Promise<Remembered<T> | null> {
    return this.process.recall(group, key, () => this.share(group, key, load));
  }

  forget(group: string): void {
    this.process.forget(group);
    const told = this.redis.client?.pipeline().set(markOf(group), '', 'PX', this.process.boundMs).publish(channel, group).exec();
    told?.catch(() => undefined);
  }

  private async share<T>(group: string, key: string, load: () => Promise<T | null>): Promise<Remembered<T> | null> {
    const name = `latchkey:cache:${group}:${key}`;
    // Where Redis could not be told of the change, it may still hold what was before.
    const found = this.process.wasForgottenLately(group) ? null : await this.redis.ask((client) => look(client, name, group));
    const there = found?.sealed && this.open<T>(found.sealed, name, found.now);
    if (there) return there;
    const value = await load();
    if (value !== null && found) this.put(name, { rightAt: found.now, value });
    return value === null ? null : { value, ageMs: 0 };
  }

  /** Nobody waits for it. */
  private put(name: string, shared: Shared): void {
    const sealed = this.vault.seal(serialize(shared).toString('base64'), name);
    void this.redis.ask((client) => client.set(name, sealed, 'PXAT', shared.rightAt + this.process.boundMs));
  }

  /** Null for what was forged or moved, is of an instance with other keys, or is not of the last seconds: clocks of servers are set. */
  private open<T>(sealed: Buffer, name: string, now: number): Remembered<T> | null {
    try {
      const { rightAt, value } = deserialize(Buffer.from(this.vault.open(sealed, name), 'base64')) as Shared;
      const ageMs = now - rightAt;
      return ageMs >= 0 && ageMs < this.process.boundMs ? { value: value as T, ageMs } : null;
    } catch {
      return null;
    }
  }
}

const markOf = (group: string): string => `latchkey:forgotten:${group}`;

/** What lies there, unless the group was forgotten lately, and the time, in one turn. The mark is read after the answer that it speaks of. */
async function look(client: Redis, name: string, group: string): Promise<{ sealed: Buffer | null; now: number }> {
  const [sealed, marked, [seconds, micros]] = await repliesOf<[Buffer | null, number, [string, string]]>(
    client.pipeline().getBuffer(name).exists(markOf(group)).time(),
  );
  return { sealed: marked ? null : sealed, now: Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) };
}

async function repliesOf<Replies extends unknown[]>(pipeline: ChainableCommander): Promise<Replies> {
  const replies = (await pipeline.exec()) ?? [];
  for (const [error] of replies) if (error) throw error;
  return replies.map(([, reply]) => reply) as Replies;
}
