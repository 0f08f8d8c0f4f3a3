import { Injectable } from '@nestjs/common';
import { Database } from '../../../libs/persistence/database';
import { Metrics } from '../../../libs/telemetry/metrics';
import { asStatement, countedAtMost, type Statement } from '../../../libs/telemetry/statement-measure';
import { allBrands } from '../../identity';

/** What waits to be sent. */
@Injectable()
export class WebhookMetrics {
  constructor(metrics: Metrics, db: Database) {
    for (const statement of statements) metrics.measure(asStatement(db, allBrands, statement));
  }
}

const statements: Statement[] = [
  {
    name: 'latchkey_webhook_deliveries_waiting',
    help: `Deliveries that are not settled, those that wait for another try included; counted up to ${countedAtMost}.`,
    sql: `select count(*)::int as value from (select from webhook_deliveries where status = 'pending' limit ${countedAtMost}) w`,
  },
  {
    name: 'latchkey_webhook_oldest_due_seconds',
    help: 'For how long the delivery that is due longest has waited, at endpoints that neither fail nor are slow; 0 when none is due.',
    // From endpoint to endpoint by the index, to the first of each: one that fails has a queue of its own, and that is no fault of ours.
    sql: `with recursive waiting as (
       (select brand_id, endpoint_id from webhook_deliveries where status = 'pending' order by brand_id, endpoint_id limit 1) union all
       select d.* from waiting w cross join lateral (
         select brand_id, endpoint_id from webhook_deliveries
          where status = 'pending' and (brand_id, endpoint_id) > (w.brand_id, w.endpoint_id) order by brand_id, endpoint_id limit 1) d)
     select coalesce(greatest(0, extract(epoch from now() - min(first.next_attempt_at))), 0)::float8 as value
       from waiting w
       join webhook_endpoints e on e.brand_id = w.brand_id and e.id = w.endpoint_id
        and e.status = 'enabled' and e.failing_since is null and not e.slow
      cross join lateral (
        select next_attempt_at from webhook_deliveries d
         where d.brand_id = w.brand_id and d.endpoint_id = w.endpoint_id and d.status = 'pending' and d.created_at >= e.enabled_at
         order by next_attempt_at limit 1) first`,
  },
];
