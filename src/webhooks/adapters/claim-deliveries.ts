import type { EntityManager } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { leaseSeconds } from '../domain/delivery';
import { atOnce, type Claimed, ofBrand, type Room } from '../ports/deliveries';

interface Place {
  readonly brand_id: string;
  readonly id: string;
  /** How many of the endpoint may be under way. */
  readonly most: number;
  /** How many more of its brand. */
  readonly of_brand: number;
}

interface Row {
  readonly brand_id: BrandId;
  readonly id: string;
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly url: string;
  readonly secret: Buffer;
  readonly previous_secret: Buffer | null;
  readonly event_type: string;
  readonly occurred_at: Date | null;
  readonly data: object;
  readonly traceparent: string | null;
}

/** Those that work first: whoever is failing or slow takes only the room that is set apart for it. */
export async function claimDeliveries(manager: EntityManager, room: Room, at: Date): Promise<Claimed[]> {
  if ((await manager.query<unknown[]>(anyDue, [at])).length === 0) return [];
  const working = await claimOf(manager, 'working', room.working, at);
  return [...working, ...(await claimOf(manager, 'hindered', room.hindered, at))];
}

async function claimOf(manager: EntityManager, which: keyof Room, room: number, at: Date): Promise<Claimed[]> {
  if (room <= 0) return [];
  const hindered = which === 'hindered';
  const endpoints = await manager.query<Place[]>(dueEndpoints, [at, hindered, room, ofBrand[which]]);
  if (endpoints.length === 0) return [];
  const [claim, leasedUntil] = [newId(), secondsAfter(at, leaseSeconds)];
  const places = (['brand_id', 'id', 'most', 'of_brand'] as const).map((column) => endpoints.map((one) => one[column]));
  const rows = await manager.query<Row[]>(lease, [...places, at, leasedUntil, room, claim]);
  return rows.map((row) => ({ ...claimedOf(row), hindered, claimedAt: at, lease: claim }));
}

const claimedOf = ({ brand_id: brandId, id, endpoint_id: endpointId, url, secret, previous_secret, ...row }: Row) => ({
  brandId,
  id,
  endpointId,
  url,
  secrets: previous_secret ? [secret, previous_secret] : [secret],
  event: row.occurred_at && {
    eventId: row.event_id,
    eventType: row.event_type,
    occurredAt: row.occurred_at,
    data: row.data,
    traceparent: row.traceparent,
  },
});

export const isDue = (delivery: string, at: string) =>
  `${delivery}.status = 'pending' and ${delivery}.next_attempt_at <= ${at} and (${delivery}.leased_until is null or ${delivery}.leased_until <= ${at})`;

const underWay = (endpoint: string, id: string, at: string) =>
  `(select count(*) from webhook_deliveries l where l.brand_id = ${endpoint}.brand_id and l.endpoint_id = ${endpoint}.${id} and l.leased_until > ${at})`;

/** Mostly nothing is, however much waits for later. */
const anyDue = `select from webhook_deliveries d where ${isDue('d', '$1')} order by next_attempt_at limit 1`;

const isHindered = (endpoint: string) => `(${endpoint}.failing_since is not null or ${endpoint}.slow)`;

/**
 * Steps through the endpoints for which anything waits, by the index, however much waits for each. They are held, so that each is
 * counted by one sender at a time; one that is held already comes next time.
 */
const dueEndpoints = `
  with recursive waiting as (
    (select brand_id, endpoint_id from webhook_deliveries where status = 'pending' order by brand_id, endpoint_id limit 1)
    union all
    select d.brand_id, d.endpoint_id from waiting w cross join lateral (
      select brand_id, endpoint_id from webhook_deliveries
       where status = 'pending' and (brand_id, endpoint_id) > (w.brand_id, w.endpoint_id) order by brand_id, endpoint_id limit 1) d
  ), busy as materialized (
    select l.brand_id, count(*) as tries from webhook_deliveries l join webhook_endpoints e on e.brand_id = l.brand_id and e.id = l.endpoint_id
     where l.leased_until > $1 and ${isHindered('e')} = $2 group by l.brand_id
  ), due as (
    select w.*, first.next_attempt_at, e.most, $4::int - coalesce(busy.tries, 0) as of_brand from waiting w
      left join busy on busy.brand_id = w.brand_id
     cross join lateral ( -- One look into the index each, whatever is thought of how many they are.
       select e.enabled_at, case when e.failing_since is null then ${atOnce.working} else ${atOnce.failing} end as most
         from webhook_endpoints e
        where e.brand_id = w.brand_id and e.id = w.endpoint_id and e.status = 'enabled' and ${isHindered('e')} = $2 limit 1) e
     cross join lateral (
       select next_attempt_at from webhook_deliveries d
        where d.brand_id = w.brand_id and d.endpoint_id = w.endpoint_id and d.created_at >= e.enabled_at and ${isDue('d', '$1')}
        order by next_attempt_at limit 1) first
     where coalesce(busy.tries, 0) < $4 and ${underWay('w', 'endpoint_id', '$1')} < e.most
     order by first.next_attempt_at limit $3
  )
  select e.brand_id, e.id, due.most, due.of_brand from due join webhook_endpoints e on e.brand_id = due.brand_id and e.id = due.endpoint_id
   where e.status = 'enabled' order by due.next_attempt_at for no key update of e skip locked`;

const lease = `
  with waiting as (
    select d.brand_id, d.id, p.place, p.of_brand, row_number() over (partition by d.brand_id order by p.place, d.next_attempt_at, d.id) as nth
      from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[]) with ordinality as p (brand_id, id, most, of_brand, place)
      join webhook_endpoints e on e.brand_id = p.brand_id and e.id = p.id
     cross join lateral (
       select brand_id, id, next_attempt_at from webhook_deliveries d
        where d.brand_id = p.brand_id and d.endpoint_id = p.id and d.created_at >= e.enabled_at and ${isDue('d', '$5')}
        order by next_attempt_at, id
        limit greatest(0, p.most - ${underWay('p', 'id', '$5')})
          for no key update skip locked) d
  ), due as (
    select brand_id, id from waiting where nth <= of_brand order by place, nth limit $7
  ), leased as (
    update webhook_deliveries d set leased_until = $6, lease = $8 from due where d.brand_id = due.brand_id and d.id = due.id
    returning d.brand_id, d.id, d.endpoint_id, d.event_id, d.event_type
  )
  select l.*, e.url, e.secret, case when e.previous_until > $5 then e.previous_secret end as previous_secret, o.occurred_at, o.data, o.traceparent
    from leased l
    join webhook_endpoints e on e.brand_id = l.brand_id and e.id = l.endpoint_id
    left join outbox_events o on o.brand_id = l.brand_id and o.id = l.event_id
   order by l.id`;
