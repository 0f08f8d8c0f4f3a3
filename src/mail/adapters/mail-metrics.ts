import { Injectable } from '@nestjs/common';
import { Database } from '../../../libs/persistence/database';
import { Metrics } from '../../../libs/telemetry/metrics';
import { asStatement, countedAtMost, type Statement } from '../../../libs/telemetry/statement-measure';
import { allBrands } from '../../identity';

/** What waits to be sent, and what was given up. */
@Injectable()
export class MailMetrics {
  constructor(metrics: Metrics, db: Database) {
    for (const statement of statements) metrics.measure(asStatement(db, allBrands, statement));
  }
}

const statements: Statement[] = [
  {
    name: 'latchkey_mails_waiting',
    help: `Mails that were not sent yet, those that wait for another attempt included; counted up to ${countedAtMost}.`,
    sql: `select count(*)::int as value from (select from mails where status = 'waiting' limit ${countedAtMost}) w`,
  },
  {
    name: 'latchkey_mail_oldest_waiting_seconds',
    help: 'How long ago the oldest mail was asked for that was not sent yet; 0 when none waits.',
    sql: `select coalesce(greatest(0, extract(epoch from now() - min(created_at))), 0)::float8 as value from mails where status = 'waiting'`,
  },
  {
    name: 'latchkey_mails_failed',
    help: `Mails that were given up in the last seven days and not sent since; counted up to ${countedAtMost}.`,
    sql: `select count(*)::int as value from (
            select from mails where status = 'failed' and failed_at > now() - interval '7 days' limit ${countedAtMost}) f`,
  },
];
