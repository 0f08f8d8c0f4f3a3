import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';

/** The address of Redis; null: without. Given by whoever starts the service. */
export abstract class RedisAddress {
  abstract readonly url: string | null;
}

export type CacheHealth = 'ok' | 'degraded' | 'off';

/** Redis makes answers faster, never right: every call ends within 300 ms, and nobody waits for a connection. */
@Injectable()
export class RedisConnection implements OnApplicationShutdown {
  private readonly logger = new Logger(RedisConnection.name);
  private readonly redis: Redis | null;
  private reachable = true;

  constructor({ url }: RedisAddress) {
    this.redis =
      url === null
        ? null
        : new Redis(url, { commandTimeout: 300, connectTimeout: 1000, maxRetriesPerRequest: 1, enableOfflineQueue: false });
    this.redis?.on('ready', () => this.note(true));
    this.redis?.on('error', (error) => this.note(false, error));
  }

  async health(): Promise<CacheHealth> {
    if (!this.redis) return 'off';
    return this.redis.ping().then(
      () => 'ok' as const,
      () => 'degraded' as const,
    );
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }

  /** Says once that Redis went away and once that it is back, however often it is tried in between. */
  private note(reachable: boolean, error?: Error): void {
    if (reachable === this.reachable) return;
    this.reachable = reachable;
    if (reachable) this.logger.warn('Redis is back');
    else this.logger.warn(`Redis cannot be reached, going on without: ${error?.message}`);
  }
}
