import type { EntityManager } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { leaseSeconds } from '../domain/delivery';
import { atOnce, type Claimed, type Room } from '../ports/deliveries';

interface Place {
  readonly brand_id: string;
  readonly id: string;
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
}

/** Those that work first: whoever is failing takes only the room that is set apart for it. */
export async function claimDeliveries(manager: EntityManager, room: Room, at: Date): Promise<Claimed[]> {
  const working = await claimOf(manager, false, room.working, at);
  return [...working, ...(await claimOf(manager, true, room.failing, at))];
}

async function claimOf(manager: EntityManager, failing: boolean, room: number, at: Date): Promise<Claimed[]> {
  if (room <= 0) return [];
  const most = failing ? atOnce.failing : atOnce.working;
  const endpoints = await manager.query<Place[]>(dueEndpoints, [at, failing, room, most]);
  if (endpoints.length === 0) return [];
  const [claim, leasedUntil] = [newId(), secondsAfter(at, leaseSeconds)];
  const places = [endpoints.map(({ brand_id }) => brand_id), endpoints.map(({ id }) => id)];
  const rows = await manager.query<Row[]>(lease, [...places, at, leasedUntil, most, room, claim]);
  return rows.map((row) => ({ ...claimedOf(row), failing, claimedAt: at, lease: claim }));
}

const claimedOf = ({ brand_id: brandId, id, endpoint_id: endpointId, url, secret, previous_secret, ...row }: Row) => ({
  brandId,
  id,
  endpointId,
  url,
  secrets: previous_secret ? [secret, previous_secret] : [secret],
  event: row.occurred_at && { eventId: row.event_id, eventType: row.event_type, occurredAt: row.occurred_at, data: row.data },
});

const isDue = (delivery: string, at: string) =>
  `${delivery}.status = 'pending' and ${delivery}.next_attempt_at <= ${at} and (${delivery}.leased_until is null or ${delivery}.leased_until <= ${at})`;

const underWay = (endpoint: string, id: string, at: string) =>
  `(select count(*) from webhook_deliveries l where l.brand_id = ${endpoint}.brand_id and l.endpoint_id = ${endpoint}.${id} and l.leased_until > ${at})`;

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
  ), due as (
    select w.*, first.next_attempt_at from waiting w
     cross join lateral (
       select next_attempt_at from webhook_deliveries d
        where d.brand_id = w.brand_id and d.endpoint_id = w.endpoint_id and ${isDue('d', '$1')} order by next_attempt_at limit 1) first
     where (select e.status = 'enabled' and (e.failing_since is not null) = $2 from webhook_endpoints e
             where e.brand_id = w.brand_id and e.id = w.endpoint_id) -- One look into the index each, whatever is thought of how many they are.
       and ${underWay('w', 'endpoint_id', '$1')} < $4
     order by first.next_attempt_at limit $3
  )
  select e.brand_id, e.id from due join webhook_endpoints e on e.brand_id = due.brand_id and e.id = due.endpoint_id
   where e.status = 'enabled' order by due.next_attempt_at for no key update of e skip locked`;

const lease = `
  with due as (
    select d.brand_id, d.id from unnest($1::uuid[], $2::uuid[]) with ordinality as e (brand_id, id, place)
     cross join lateral (
       select brand_id, id, next_attempt_at from webhook_deliveries d
        where d.brand_id = e.brand_id and d.endpoint_id = e.id and ${isDue('d', '$3')}
        order by next_attempt_at, id
        limit greatest(0, $5 - ${underWay('e', 'id', '$3')})
          for no key update skip locked) d
     order by e.place limit $6
  ), leased as (
    update webhook_deliveries d set leased_until = $4, lease = $7 from due where d.brand_id = due.brand_id and d.id = due.id
    returning d.brand_id, d.id, d.endpoint_id, d.event_id, d.event_type
  )
  select l.*, e.url, e.secret, case when e.previous_until > $3 then e.previous_secret end as previous_secret, o.occurred_at, o.data
    from leased l
    join webhook_endpoints e on e.brand_id = l.brand_id and e.id = l.endpoint_id
    left join outbox_events o on o.brand_id = l.brand_id and o.id = l.event_id
   order by l.id`;
