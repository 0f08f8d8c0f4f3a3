import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Inject } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { allEventKinds, type LoggedEvent } from '../../../libs/kernel/domain-event';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { matches } from '../../../libs/messaging/subscribers';
import { Database } from '../../../libs/persistence/database';
import { EventNotFound } from '../domain/errors';
import type { EventTransport } from '../ports/event-transport';
import { ListEvents } from '../use-cases/list-events';
import { ListSetAsideEvents, type Retried, RetryEvents, type SetAsideEvent } from '../use-cases/set-aside-events';
import { eventColumns, eventOf, type EventRow } from './postgres-event-log';
import { transports } from './relay';

@QueryHandler(ListEvents)
export class PostgresListEvents implements IQueryHandler<ListEvents> {
  constructor(private readonly db: Database) {}

  execute({ brandId, type, cut }: ListEvents): Promise<Page<LoggedEvent>> {
    return this.db.run(brandId, async () => {
      const after = cut.after === null ? 0 : await this.placeOf(brandId, cut.after);
      // Types one by one, so that an index finds even the rare ones.
      const types = type === undefined ? null : allEventKinds().flatMap((kind) => (matches(type, kind.type) ? [kind.type] : []));
      const rows = await this.db.manager.query<EventRow[]>(
        `select ${eventColumns} from outbox_events e where brand_id = $1 and sequence > $2 ${types ? 'and type = any ($4)' : ''}
          order by sequence limit $3`,
        [brandId, after, cut.limit + 1, ...(types ? [types] : [])],
      );
      return pageOf(rows.map(eventOf), cut);
    });
  }

  private async placeOf(brandId: BrandId, id: string): Promise<string> {
    const sql = 'select sequence from outbox_events where brand_id = $1 and id = $2 and sequence is not null';
    const [known] = await this.db.manager.query<{ sequence: string }[]>(sql, [brandId, id]);
    if (!known) throw new EventNotFound();
    return known.sequence;
  }
}

@QueryHandler(ListSetAsideEvents)
export class PostgresListSetAsideEvents implements IQueryHandler<ListSetAsideEvents> {
  constructor(private readonly db: Database) {}

  execute({ reach }: ListSetAsideEvents): Promise<SetAsideEvent[]> {
    return this.db.read<SetAsideEvent>(
      reach,
      `select a.brand_id as "brandId", a.event_id as "eventId", e.type, a.outlet, a.error, a.attempts, a.set_aside_at as "setAsideAt"
         from event_set_asides a join outbox_events e on e.brand_id = a.brand_id and e.id = a.event_id
        where a.resolved_at is null order by a.set_aside_at limit 100`,
    );
  }
}

type Waiting = EventRow & { readonly outlet: string };

@CommandHandler(RetryEvents)
export class RetryEventsHandler implements ICommandHandler<RetryEvents> {
  constructor(
    private readonly db: Database,
    @Inject(transports) private readonly outlets: readonly EventTransport[],
  ) {}

  async execute({ reach, eventIds }: RetryEvents): Promise<Retried[]> {
    const waiting = await this.db.read<Waiting>(
      reach,
      `select ${eventColumns}, a.outlet from event_set_asides a join outbox_events e on e.brand_id = a.brand_id and e.id = a.event_id
        where a.resolved_at is null and ($1::uuid[] is null or a.event_id = any ($1)) order by e.brand_id, e.sequence`,
      [eventIds],
    );
    const retried: Retried[] = [];
    for (const row of waiting) {
      const outlet = this.outlets.find(({ name }) => name === row.outlet);
      if (outlet) retried.push({ eventId: row.id, error: await this.retry(row, outlet) });
    }
    return retried;
  }

  /** The effect and its mark in one unit of work; what failed, because it failed again. */
  private retry(row: Waiting, outlet: EventTransport): Promise<string | null> {
    return this.db.run(row.brand_id, async () => {
      const place = [row.brand_id, row.outlet, row.id];
      const which = 'brand_id = $1 and outlet = $2 and event_id = $3 and resolved_at is null';
      const [held] = await this.db.manager.query<object[]>(`select 1 from event_set_asides where ${which} for update skip locked`, place);
      if (!held) return 'Somebody else is at it.';
      const error = await this.db
        .part(() => outlet.deliver(eventOf(row)))
        .then(
          () => null,
          ({ message }: Error) => message,
        );
      const mark = error === null ? 'resolved_at = $4' : 'error = $4, attempts = attempts + 1';
      await this.db.manager.query(`update event_set_asides set ${mark} where ${which}`, [...place, error ?? this.db.now()]);
      return error;
    });
  }
}
