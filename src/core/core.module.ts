import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { ThrottlerModule } from '@nestjs/throttler';
import { KeptAnswers } from '../../libs/http/kept-answers';
import { minuteMs, RateLimits } from '../../libs/http/rate-limits/limits';
import { MemoryStorage } from '../../libs/http/rate-limits/memory-storage';
import { RedisStorage } from '../../libs/http/rate-limits/redis-storage';
import { RateLimitStorage } from '../../libs/http/rate-limits/storage';
import { ProblemFilter } from '../../libs/http/problem.filter';
import { RequestValidation } from '../../libs/http/validation.pipe';
import { Clock } from '../../libs/kernel/clock';
import { UnitOfWork } from '../../libs/kernel/unit-of-work';
import { Background } from '../../libs/messaging/background';
import { Jobs } from '../../libs/messaging/jobs';
import { Subscribers } from '../../libs/messaging/subscribers';
import { AuditLog } from '../../libs/persistence/audit-log';
import { Cache } from '../../libs/persistence/cache';
import { Database } from '../../libs/persistence/database';
import { Outbox } from '../../libs/persistence/outbox';
import { ProcessCache } from '../../libs/persistence/process-cache';
import { RedisCache } from '../../libs/persistence/redis-cache';
import { Metrics } from '../../libs/telemetry/metrics';
import { EncryptionKeys, Vault } from '../../libs/vault/vault';
import { DatabaseMetrics } from './database-metrics';
import { HealthController } from './health.controller';
import { MetricsController } from './metrics.controller';
import { ProblemsController } from './problems.controller';
import { ReadinessCheck } from './readiness';
import { RedisConnection } from './redis';

const throttling = ThrottlerModule.forRootAsync({
  inject: [RateLimits, RateLimitStorage],
  useFactory: ({ perMinute }: RateLimits, storage: RateLimitStorage) => ({
    storage,
    throttlers: Object.entries(perMinute).map(([name, limit]) => ({ name, limit, ttl: minuteMs })),
  }),
});

/** What every module stands on: the unit of work, the clock, the outbox, and how failures and bad input are answered. */
@Global()
@Module({
  imports: [CqrsModule.forRoot(), DiscoveryModule, throttling],
  controllers: [HealthController, MetricsController, ProblemsController],
  providers: [
    Database,
    { provide: UnitOfWork, useExisting: Database },
    { provide: Clock, useExisting: Database },
    AuditLog,
    Outbox,
    { provide: Vault, inject: [EncryptionKeys], useFactory: (keys: EncryptionKeys) => new Vault(keys) },
    Metrics,
    DatabaseMetrics,
    Subscribers,
    Background,
    Jobs,
    RedisConnection,
    { provide: ProcessCache, useFactory: () => new ProcessCache() },
    {
      provide: Cache,
      inject: [ProcessCache, RedisConnection, Vault],
      useFactory: (process: ProcessCache, redis: RedisConnection, vault: Vault): Cache =>
        redis.client ? new RedisCache(process, redis, vault) : process,
    },
    {
      provide: RateLimitStorage,
      inject: [RedisConnection],
      useFactory: ({ client }: RedisConnection): RateLimitStorage => (client ? new RedisStorage(client) : new MemoryStorage()),
    },
    ReadinessCheck,
    ProblemFilter,
    { provide: APP_FILTER, useExisting: ProblemFilter },
    { provide: APP_PIPE, useClass: RequestValidation },
    KeptAnswers,
  ],
  exports: [
    Database,
    UnitOfWork,
    Clock,
    AuditLog,
    Outbox,
    Cache,
    Vault,
    Subscribers,
    Background,
    Jobs,
    KeptAnswers,
    Metrics,
    RateLimitStorage,
    CqrsModule,
  ],
})
export class CoreModule {}
