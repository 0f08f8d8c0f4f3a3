import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis, ReplyError } from 'ioredis';

/** The address of Redis; null: without. Given by whoever starts the service. */
export abstract class RedisAddress {
  abstract readonly url: string | null;
}

export type CacheHealth = 'ok' | 'degraded' | 'off';

/** Redis makes answers faster, never right: every call ends within 300 ms, and nobody waits for a connection. */
@Injectable()
export class RedisConnection implements OnApplicationShutdown {
  /** As it is; null: without Redis. */
  readonly client: Redis | null;
  private readonly logger = new Logger(RedisConnection.name);
  private readonly listeners: Redis[] = [];
  private reachable = true;
  private knockedAt = 0;

  constructor({ url }: RedisAddress) {
    this.client =
      url === null
        ? null
        : new Redis(url, { commandTimeout: 300, connectTimeout: 1000, maxRetriesPerRequest: 1, enableOfflineQueue: false });
    this.client?.on('ready', () => this.note(true));
    this.client?.on('error', (error) => this.note(false, error));
  }

  /** What Redis answers, or null. After a call that timed out nobody waits again until a ping, sent beside the calls, was answered. */
  async ask<T>(question: (client: Redis) => Promise<T>): Promise<T | null> {
    if (this.client?.status !== 'ready') return null;
    if (!this.reachable) {
      this.knock(this.client);
      return null;
    }
    try {
      return await question(this.client);
    } catch (error) {
      // A refusal is an answer too.
      if (!(error instanceof ReplyError)) this.note(false, error as Error);
      return null;
    }
  }

  /** @param missed called whenever this instance begins to hear, for what was said before */
  listen(channel: string, heard: (message: string) => void, missed: () => void): void {
    if (!this.client) return;
    const listener = this.client.duplicate({ autoResubscribe: false });
    // The client tells that Redis cannot be reached.
    listener.on('error', () => undefined);
    listener.on('ready', () => {
      listener.subscribe(channel).then(missed, () => listener.disconnect(true));
    });
    listener.on('message', (_channel, message) => heard(message));
    this.listeners.push(listener);
  }

  async health(): Promise<CacheHealth> {
    if (!this.client) return 'off';
    return this.client.ping().then(
      () => 'ok' as const,
      () => 'degraded' as const,
    );
  }

  onApplicationShutdown(): void {
    this.client?.disconnect();
    this.listeners.forEach((listener) => listener.disconnect());
  }

  /** At most once a second. */
  private knock(client: Redis): void {
    const now = performance.now();
    if (now - this.knockedAt < 1000) return;
    this.knockedAt = now;
    client.ping().then(
      () => this.note(true),
      () => undefined,
    );
  }

  /** Says once that Redis went away and once that it is back, however often it is tried in between. */
  private note(reachable: boolean, error?: Error): void {
    if (reachable === this.reachable) return;
    this.reachable = reachable;
    if (reachable) this.logger.warn('Redis is back');
    else this.logger.warn(`Redis cannot be reached, going on without: ${error?.message}`);
  }
}
