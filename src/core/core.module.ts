import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { Idempotency } from '../../libs/http/idempotency';
import { KeptAnswers } from '../../libs/http/kept-answers';
import { ProblemFilter } from '../../libs/http/problem.filter';
import { RequestValidation } from '../../libs/http/validation.pipe';
import { Clock } from '../../libs/kernel/clock';
import { UnitOfWork } from '../../libs/kernel/unit-of-work';
import { Background } from '../../libs/messaging/background';
import { Jobs } from '../../libs/messaging/jobs';
import { Subscribers } from '../../libs/messaging/subscribers';
import { AuditLog } from '../../libs/persistence/audit-log';
import { Database } from '../../libs/persistence/database';
import { Outbox } from '../../libs/persistence/outbox';
import { EncryptionKeys, Vault } from '../../libs/vault/vault';
import { HealthController } from './health.controller';
import { ProblemsController } from './problems.controller';
import { ReadinessCheck } from './readiness';
import { RedisConnection } from './redis';

/** What every module stands on: the unit of work, the clock, the outbox, and how failures and bad input are answered. */
@Global()
@Module({
  imports: [CqrsModule.forRoot(), DiscoveryModule],
  controllers: [HealthController, ProblemsController],
  providers: [
    Database,
    { provide: UnitOfWork, useExisting: Database },
    { provide: Clock, useExisting: Database },
    AuditLog,
    Outbox,
    { provide: Vault, inject: [EncryptionKeys], useFactory: (keys: EncryptionKeys) => new Vault(keys) },
    Subscribers,
    Background,
    Jobs,
    RedisConnection,
    ReadinessCheck,
    ProblemFilter,
    { provide: APP_FILTER, useExisting: ProblemFilter },
    { provide: APP_PIPE, useClass: RequestValidation },
    KeptAnswers,
    { provide: APP_INTERCEPTOR, useClass: Idempotency },
  ],
  exports: [Database, UnitOfWork, Clock, AuditLog, Outbox, Vault, Subscribers, Background, Jobs, KeptAnswers, CqrsModule],
})
export class CoreModule {}
