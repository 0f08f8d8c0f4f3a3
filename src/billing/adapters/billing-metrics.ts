import { Injectable } from '@nestjs/common';
import { Database } from '../../../libs/persistence/database';
import { Metrics } from '../../../libs/telemetry/metrics';
import { asStatement, countedAtMost, type Statement } from '../../../libs/telemetry/statement-measure';
import { allBrands } from '../../identity';

/** What Stripe told and nobody has processed, and where licenses are not as what was paid says. */
@Injectable()
export class BillingMetrics {
  constructor(metrics: Metrics, db: Database) {
    for (const statement of statements) metrics.measure(asStatement(db, allBrands, statement));
  }
}

const statements: Statement[] = [
  {
    name: 'latchkey_stripe_events_waiting',
    help: `Events of Stripe that are not processed; counted up to ${countedAtMost}.`,
    sql: `select count(*)::int as value from (select from stripe_events where status = 'waiting' limit ${countedAtMost}) w`,
  },
  {
    name: 'latchkey_stripe_events_set_aside',
    help: `Events of Stripe that cannot be processed and that a person has to look at; counted up to ${countedAtMost}.`,
    sql: `select count(*)::int as value from (select from stripe_events where status = 'set_aside' limit ${countedAtMost}) w`,
  },
  {
    name: 'latchkey_billing_drift',
    help: 'Purchases whose licenses are not as what was paid says, and that were not repaired.',
    label: 'cause',
    sql: 'select cause as label, count(*)::int as value from billing_drift group by cause',
  },
  {
    name: 'latchkey_billing_oldest_drift_seconds',
    help: 'For how long the oldest of them has been so; 0 when there is none.',
    sql: 'select coalesce(extract(epoch from now() - min(first_seen_at)), 0)::float8 as value from billing_drift',
  },
];
