import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { Page } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import { ListProviderEvents, type ProviderEventEntry } from '../use-cases/list-provider-events';

@QueryHandler(ListProviderEvents)
export class PostgresListProviderEvents implements IQueryHandler<ListProviderEvents> {
  constructor(private readonly db: Database) {}

  async execute({ brandId, filter, cut: { limit, after } }: ListProviderEvents): Promise<Page<ProviderEventEntry>> {
    const [time, id] = after === null ? [null, null] : placeOf(after);
    const rows = await this.db.read<ProviderEventEntry>(brandId, list, [brandId, filter.status ?? null, time, id, limit + 1]);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last ? `${last.receivedAt.toISOString()} ${last.id}` : null };
  }
}

function placeOf(after: string): [time: string, id: string] {
  const space = after.indexOf(' ');
  return [after.slice(0, space), after.slice(space + 1)];
}

const list = `
  select brand_id as "brandId", id, type, subject, status, error, attempts, next_attempt_at as "nextAttemptAt", created_at as "createdAt",
         received_at as "receivedAt", processed_at as "processedAt"
    from stripe_events
   where brand_id = $1 and ($2::text is null or status = $2) and ($3::timestamptz is null or (received_at, id) < ($3, $4::text))
   order by received_at desc, id desc limit $5`;
