import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../../../libs/persistence/database';
import { Metrics } from '../../../libs/telemetry/metrics';
import { asStatement, countedAtMost, type Statement } from '../../../libs/telemetry/statement-measure';
import { allBrands } from '../../identity';
import type { EventTransport } from '../ports/event-transport';
import { transports } from './relay';

/** How far the ways out are behind what was committed. */
@Injectable()
export class EventMetrics {
  constructor(metrics: Metrics, db: Database, @Inject(transports) outlets: readonly EventTransport[]) {
    const names = outlets.map(({ name }) => name);
    for (const statement of statementsFor(names)) metrics.measure(asStatement(db, allBrands, statement));
  }
}

const statementsFor = (outlets: readonly string[]): Statement[] => [
  {
    name: 'latchkey_events_unnumbered',
    help: `Committed events that have no place in their brand's log yet; counted up to ${countedAtMost}.`,
    sql: `select count(*)::int as value from (select from outbox_events where sequence is null limit ${countedAtMost}) w`,
  },
  {
    name: 'latchkey_events_unnumbered_oldest_seconds',
    help: 'For how long the oldest of them has waited; 0 when none waits.',
    // From brand to brand by the index, to the first of each.
    sql: `with recursive first as (
       (select brand_id, occurred_at from outbox_events where sequence is null order by brand_id, position limit 1) union all
       select n.* from first f cross join lateral (
         select brand_id, occurred_at from outbox_events where sequence is null and brand_id > f.brand_id order by brand_id, position limit 1) n)
     select coalesce(greatest(0, extract(epoch from now() - min(occurred_at))), 0)::float8 as value from first`,
  },
  {
    name: 'latchkey_events_behind',
    help: 'Events of the logs that a way out (outlet) has not taken yet, over all brands.',
    label: 'outlet',
    sql: `select o.name as label, coalesce(sum(log.sequence - coalesce(mine.sequence, 0)), 0)::float8 as value
       from unnest($1::text[]) as o (name)
       left join event_cursors log on log.outlet = 'log'
       left join event_cursors mine on mine.brand_id = log.brand_id and mine.outlet = o.name
      group by o.name`,
    parameters: [outlets],
  },
  {
    name: 'latchkey_events_set_aside',
    help: `Events that a way out could not be made to take and that wait for an operator; counted up to ${countedAtMost}.`,
    sql: `select count(*)::int as value from (select from event_set_asides where resolved_at is null limit ${countedAtMost}) w`,
  },
];
