import { Module } from '@nestjs/common';
import { Vault } from '../../libs/vault/vault';
import { AuditLogsController } from './adapters/audit-logs.controller';
import { AuditMetrics } from './adapters/audit-metrics';
import { PostgresAuditChain } from './adapters/postgres-audit-chain';
import { PostgresListAuditLogs } from './adapters/postgres-list-audit-logs';
import { RefusedCalls } from './adapters/refused-calls';
import { Sealer } from './adapters/sealer';
import { AuditChain } from './ports/audit-chain';
import { Signatures } from './ports/signatures';
import { ExportAuditLogsHandler } from './use-cases/export-audit-logs';
import { Inspection } from './use-cases/inspection';
import { SealAuditLogsHandler } from './use-cases/seal-audit-logs';
import { VerifyAuditLogsHandler } from './use-cases/verify-audit-logs';

@Module({
  controllers: [AuditLogsController],
  providers: [
    RefusedCalls,
    Sealer,
    AuditMetrics,
    Inspection,
    SealAuditLogsHandler,
    VerifyAuditLogsHandler,
    ExportAuditLogsHandler,
    PostgresListAuditLogs,
    { provide: AuditChain, useClass: PostgresAuditChain },
    { provide: Signatures, useExisting: Vault },
  ],
})
export class AuditModule {}
