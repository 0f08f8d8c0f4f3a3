import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { Database } from '../../libs/persistence/database';
import { Metrics } from '../../libs/telemetry/metrics';
import { RedisConnection } from './redis';

/** Whether the servers answer, and how busy the connections are. */
@Injectable()
export class DatabaseMetrics {
  constructor(metrics: Metrics, db: Database, source: DataSource, redis: RedisConnection) {
    metrics.measure({
      name: 'latchkey_database_up',
      help: 'Whether PostgreSQL answers this instance within a second, the wait for a free connection included.',
      of: 'database',
      read: () => db.beforeBrand('select 1').then(() => 1),
      unanswered: 0,
    });
    metrics.measure({
      name: 'latchkey_cache_up',
      help: 'Whether Redis answers; absent where none is configured.',
      of: 'cache',
      read: async () => ({ ok: 1, degraded: 0, off: null })[await redis.health()],
    });
    metrics.reading({
      name: 'latchkey_db_connections',
      help: 'Connections to PostgreSQL that this instance holds, and callers that wait for one.',
      label: 'state',
      read: () => {
        const { totalCount, idleCount, waitingCount } = (source.driver as unknown as { master: Pool }).master;
        return { idle: idleCount, busy: totalCount - idleCount, waiting: waitingCount };
      },
    });
  }
}
