import type { EntityManager } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { ClaimedSubject, InboxEvent } from '../ports/inbox';

/** How much of what waits about one purchase is taken at once. */
export const mostOfSubject = 200;

/** A lease that is to be taken. */
export interface Lease {
  readonly lease: string;
  readonly until: Date;
  readonly at: Date;
}

export interface Place {
  readonly brandId: BrandId;
  readonly subject: string;
}

interface Row {
  readonly brand_id: BrandId;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly body: Buffer;
  readonly status: InboxEvent['status'];
  readonly error: string | null;
  readonly attempts: number;
  readonly next_attempt_at: Date | null;
  readonly created_at: Date | null;
  readonly received_at: Date;
  readonly processed_at: Date | null;
}

/** Leases those about which something is due. Brands take turns, so that one with much to tell leaves the others their place. */
export async function leaseDue(manager: EntityManager, { lease, until, at }: Lease, limit: number): Promise<Place[]> {
  return places(
    await manager.query(`${due} ${leased('select brand_id, subject, $2, $3 from due order by brand_id, subject')}`, [
      at,
      lease,
      until,
      limit,
    ]),
  );
}

export async function leaseOne(manager: EntityManager, { brandId, subject }: Place, { lease, until, at }: Lease): Promise<boolean> {
  return places(await manager.query(leased('values ($4, $5, $2::uuid, $3::timestamptz)'), [at, lease, until, brandId, subject])).length > 0;
}

/** Ends leases on what was settled by somebody else while we waited for it, and answers which. */
export async function letGo(manager: EntityManager, { lease, at }: Lease): Promise<Place[]> {
  return places(await manager.query(idle, [lease, at]));
}

/** What waits about each of them. */
export async function claimedOf(manager: EntityManager, some: readonly Place[], lease: string): Promise<ClaimedSubject[]> {
  const rows = await manager.query<Row[]>(waiting, [some.map(({ brandId }) => brandId), some.map(({ subject }) => subject)]);
  return some.map(({ brandId, subject }) => {
    const events = rows.filter((row) => row.brand_id === brandId && row.subject === subject).map(eventOf);
    return { brandId, subject, lease, events };
  });
}

const places = (rows: { brand_id: BrandId; subject: string }[]): Place[] =>
  rows.map(({ brand_id: brandId, subject }) => ({ brandId, subject }));

const eventOf = ({ brand_id, next_attempt_at, created_at, received_at, processed_at, ...row }: Row): InboxEvent => ({
  ...row,
  brandId: brand_id,
  nextAttemptAt: next_attempt_at,
  createdAt: created_at,
  receivedAt: received_at,
  processedAt: processed_at,
});

const due = `
  with waiting as (
    select brand_id, subject, min(next_attempt_at) as since from stripe_events e
     where status = 'waiting' and next_attempt_at <= $1 and subject is not null
       and not exists (select from billing_looks l where l.brand_id = e.brand_id and l.subject = e.subject and l.leased_until > $1)
     group by brand_id, subject
  ), due as (
    select brand_id, subject from waiting
     order by row_number() over (partition by brand_id order by since, subject), since limit $4
  )`;

/** Of two that reach for the same one at once, the second waits, and then finds a lease that lives. In order, so that nobody waits in a ring. */
const leased = (wanted: string) => `
  insert into billing_looks as look (brand_id, subject, lease, leased_until) ${wanted}
      on conflict (brand_id, subject) do update set lease = excluded.lease, leased_until = excluded.leased_until where look.leased_until <= $1
  returning brand_id, subject`;

const idle = `
  with idle as (
    delete from billing_looks l
     where lease = $1 and not exists (
       select from stripe_events e
        where e.brand_id = l.brand_id and e.subject = l.subject and e.status = 'waiting' and e.next_attempt_at <= $2)
    returning brand_id, subject
  )
  select * from idle`;

const waiting = `
  select e.* from unnest($1::uuid[], $2::text[]) as place (brand_id, subject)
   cross join lateral (
     select * from stripe_events e where e.brand_id = place.brand_id and e.subject = place.subject and e.status = 'waiting'
      order by coalesce(created_at, received_at), received_at, id limit ${mostOfSubject}) e
   order by coalesce(e.created_at, e.received_at), e.received_at, e.id`;
