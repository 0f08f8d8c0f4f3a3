import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { testEventType } from '../domain/event-pattern';
import type { PastEvent } from '../ports/deliveries';
import { PastEvents, type Range } from '../ports/past-events';

/** What has no place in the log yet is on its way to the endpoints anyway. */
@Injectable()
export class PostgresPastEvents implements PastEvents {
  constructor(private readonly db: Database) {}

  async find(brandId: BrandId, id: string): Promise<PastEvent | null> {
    const sql = 'select id, type from outbox_events where brand_id = $1 and id = $2 and sequence is not null';
    const [row] = await this.db.manager.query<PastEvent[]>(sql, [brandId, id]);
    return row ?? null;
  }

  within(brandId: BrandId, { since, until }: Range, patterns: readonly string[], limit: number): Promise<PastEvent[]> {
    return this.db.manager.query<PastEvent[]>(
      `select id, type from outbox_events
        where brand_id = $1 and occurred_at >= $2 and occurred_at < coalesce($3::timestamptz, 'infinity') and sequence is not null and type <> $6
          and exists (select from unnest($4::text[]) p where p in ('*', type) or (p like '%.*' and starts_with(type, left(p, -1))))
        order by sequence limit $5`,
      [brandId, since, until, patterns, limit, testEventType],
    );
  }
}
