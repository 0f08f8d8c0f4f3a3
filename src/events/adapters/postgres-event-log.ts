import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { LoggedEvent } from '../../../libs/kernel/domain-event';
import { Database } from '../../../libs/persistence/database';
import { allBrands } from '../../identity';

/** The columns of an event, as `eventOf` reads them. */
export const eventColumns = 'e.brand_id, e.id, e.sequence, e.type, e.occurred_at, e.data, e.traceparent';

export interface EventRow {
  readonly brand_id: BrandId;
  readonly id: string;
  readonly sequence: string;
  readonly type: string;
  readonly occurred_at: Date;
  readonly data: object;
  readonly traceparent: string | null;
}

export const eventOf = ({ brand_id, id, sequence, type, occurred_at, data, traceparent }: EventRow): LoggedEvent => ({
  brandId: brand_id,
  id,
  sequence: Number(sequence),
  type,
  occurredAt: occurred_at,
  data,
  traceparent,
});

const numberedAtOnce = 500;

/** The events of each brand in an order without gaps, which each outlet follows at its own pace. */
@Injectable()
export class PostgresEventLog {
  constructor(private readonly db: Database) {}

  /** Brands whose committed events wait for their place in the log. */
  unnumbered(): Promise<BrandId[]> {
    // From brand to brand by the index, however much waits for each.
    const next = (of: string) => `select brand_id from outbox_events where sequence is null ${of} order by brand_id limit 1`;
    return this.brands(
      `with recursive waiting as (
         (${next('')}) union all
         select n.brand_id from waiting w cross join lateral (${next('and brand_id > w.brand_id')}) n)
       select brand_id from waiting`,
    );
  }

  /** Brands that have a log. */
  numbered(): Promise<BrandId[]> {
    return this.brands(`select brand_id from event_cursors where outlet = 'log'`);
  }

  /** Brands whose log an outlet has not followed to its end, and may go on following now. */
  async behind(outlet: string): Promise<BrandId[]> {
    return this.db.run(allBrands, () =>
      this.brands(
        `select log.brand_id from event_cursors log left join event_cursors mine on mine.brand_id = log.brand_id and mine.outlet = $1
          where log.outlet = 'log' and coalesce(mine.sequence, 0) < log.sequence and (mine.retry_at is null or mine.retry_at <= $2)`,
        [outlet, this.db.now()],
      ),
    );
  }

  /**
   * Gives committed events the next places in the brand's log. Whoever holds the cursor does it alone and commits before the next one
   * reads, so that no reader ever sees a place before the one in front of it. Answers whether more wait.
   */
  number(brandId: BrandId): Promise<boolean> {
    return this.db.run(brandId, async () => {
      const cursor = await this.hold(brandId, 'log');
      if (!cursor) return false;
      const [, count] = await this.db.manager.query<[unknown, number]>(
        `with waiting as (select id, position from outbox_events where brand_id = $1 and sequence is null order by position limit ${numberedAtOnce}),
              numbered as (select id, row_number() over (order by position) as place from waiting)
         update outbox_events e set sequence = $2 + place from numbered where e.brand_id = $1 and e.id = numbered.id`,
        [brandId, cursor.sequence],
      );
      if (count > 0) await this.move(brandId, 'log', cursor.sequence + count);
      return count === numberedAtOnce;
    });
  }

  /** How far the outlet has come; held until the unit of work ends. Null when somebody else is at it, or when it has to wait. */
  async hold(brandId: BrandId, outlet: string): Promise<{ sequence: number; attempts: number } | null> {
    const place = [brandId, outlet];
    await this.db.manager.query('insert into event_cursors (brand_id, outlet, sequence) values ($1, $2, 0) on conflict do nothing', place);
    const [row] = await this.db.manager.query<{ sequence: string; attempts: number }[]>(
      `select sequence, attempts from event_cursors where brand_id = $1 and outlet = $2 and (retry_at is null or retry_at <= $3)
          for update skip locked`,
      [...place, this.db.now()],
    );
    return row ? { sequence: Number(row.sequence), attempts: row.attempts } : null;
  }

  async after(brandId: BrandId, sequence: number, limit: number): Promise<LoggedEvent[]> {
    const rows = await this.db.manager.query<EventRow[]>(
      `select ${eventColumns} from outbox_events e where brand_id = $1 and sequence > $2 order by sequence limit $3`,
      [brandId, sequence, limit],
    );
    return rows.map(eventOf);
  }

  /**
   * Everything up to that place is done. Answers false, and nothing is changed, when the lease is no longer the caller's: whoever took
   * too long finds that somebody else goes on. @param lease what `wait` was told; null for whoever holds the cursor
   */
  async move(brandId: BrandId, outlet: string, sequence: number, lease: Date | null = null): Promise<boolean> {
    const [, count] = await this.db.manager.query<[unknown, number]>(
      `update event_cursors set sequence = $3, attempts = 0, retry_at = null, last_error = null
        where brand_id = $1 and outlet = $2 and ($4::timestamptz is null or retry_at = $4)`,
      [brandId, outlet, sequence, lease],
    );
    return count > 0;
  }

  /** Nobody follows the log there until then. */
  async wait(brandId: BrandId, outlet: string, until: Date, attempts: number, error: string | null): Promise<void> {
    const sql = 'update event_cursors set retry_at = $3, attempts = $4, last_error = $5 where brand_id = $1 and outlet = $2';
    await this.db.manager.query(sql, [brandId, outlet, until, attempts, error]);
  }

  async setAside({ brandId, id }: LoggedEvent, outlet: string, attempts: number, error: string): Promise<void> {
    await this.db.manager.query(
      `insert into event_set_asides (brand_id, outlet, event_id, error, attempts, set_aside_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (brand_id, outlet, event_id) do update set error = $4, attempts = $5, set_aside_at = $6, resolved_at = null`,
      [brandId, outlet, id, error, attempts, this.db.now()],
    );
  }

  private async brands(sql: string, parameters: unknown[] = []): Promise<BrandId[]> {
    const rows = await this.db.read<{ brand_id: BrandId }>(allBrands, sql, parameters);
    return rows.map(({ brand_id }) => brand_id);
  }
}
