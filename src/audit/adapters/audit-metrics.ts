import { Injectable } from '@nestjs/common';
import { Database } from '../../../libs/persistence/database';
import { Metrics } from '../../../libs/telemetry/metrics';
import { asStatement, countedAtMost } from '../../../libs/telemetry/statement-measure';
import { allBrands } from '../../identity';

/** What is written and could still be changed without a trace. */
@Injectable()
export class AuditMetrics {
  constructor(metrics: Metrics, db: Database) {
    metrics.measure(
      asStatement(db, allBrands, {
        name: 'latchkey_audit_unsealed',
        help: `Rows of the audit log that are not sealed yet; counted up to ${countedAtMost}.`,
        sql: `select count(*)::int as value from (select from audit_seals where sequence is null limit ${countedAtMost}) w`,
      }),
    );
  }
}
