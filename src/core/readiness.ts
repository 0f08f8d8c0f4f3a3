import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Database } from '../../libs/persistence/database';
import { type CacheHealth, RedisConnection } from './redis';

export interface Readiness {
  readonly status: 'ready' | 'unready';
  readonly database: 'ok' | 'down';
  readonly migrations: 'ok' | 'pending' | 'unknown';
  readonly cache: CacheHealth;
  readonly stopping: boolean;
}

/** Whether this instance should be sent requests. */
@Injectable()
export class ReadinessCheck {
  private stopping = false;

  constructor(
    private readonly db: Database,
    private readonly source: DataSource,
    private readonly redis: RedisConnection,
  ) {}

  /** From now on no new requests, please. */
  stop(): void {
    this.stopping = true;
  }

  async database(): Promise<'ok' | 'down'> {
    return this.db.beforeBrand('select 1').then(
      () => 'ok' as const,
      () => 'down' as const,
    );
  }

  cache(): Promise<CacheHealth> {
    return this.redis.health();
  }

  async ask(): Promise<Readiness> {
    const [migrations, cache] = await Promise.all([this.migrations(), this.cache()]);
    const ready = migrations === 'ok' && !this.stopping;
    return {
      status: ready ? 'ready' : 'unready',
      database: migrations === 'unknown' ? 'down' : 'ok',
      migrations,
      cache,
      stopping: this.stopping,
    };
  }

  private async migrations(): Promise<Readiness['migrations']> {
    try {
      const done = await this.db.beforeBrand<{ name: string }>('select name from migrations');
      const names = new Set(done.map(({ name }) => name));
      return this.source.migrations.every((migration) => names.has(migration.name ?? migration.constructor.name)) ? 'ok' : 'pending';
    } catch {
      return 'unknown';
    }
  }
}
