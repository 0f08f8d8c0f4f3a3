import type { EntityManager } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { leaseSeconds, type MailState } from '../domain/mail';

type MailName = Pick<MailState, 'brandId' | 'id'>;

/** Leases mails that are due, under a name of their own, and answers which. What another sender is leasing just now is left to it. */
export async function leaseMails(manager: EntityManager, atMost: number, at: Date): Promise<MailName[]> {
  if (atMost <= 0 || (await manager.query<unknown[]>(anyDue, [at])).length === 0) return [];
  const parameters = [at, atMost, newId(), secondsAfter(at, leaseSeconds)];
  const [rows] = await manager.query<[{ brand_id: BrandId; id: string }[], number]>(lease, parameters);
  return rows.map(({ brand_id: brandId, id }) => ({ brandId, id }));
}

const isDue = `m.status = 'waiting' and m.next_attempt_at <= $1 and (m.leased_until is null or m.leased_until <= $1)`;

/** Mostly nothing is, however much waits for later. */
const anyDue = `select from mails m where ${isDue} order by next_attempt_at limit 1`;

/** Steps from brand to brand by the index; each gets a turn in the order of how many it has under way. */
const lease = `
  with recursive waiting as (
    (select brand_id from mails where status = 'waiting' order by brand_id limit 1)
    union all
    select m.brand_id from waiting w cross join lateral (
      select brand_id from mails where status = 'waiting' and brand_id > w.brand_id order by brand_id limit 1) m
  ), turns as (
    select due.brand_id, due.id, due.next_attempt_at,
           busy.mails + row_number() over (partition by due.brand_id order by due.next_attempt_at, due.id) as turn
      from waiting w
     cross join lateral (select count(*) as mails from mails l where l.brand_id = w.brand_id and l.leased_until > $1) busy
     cross join lateral (
       select m.brand_id, m.id, m.next_attempt_at from mails m
        where m.brand_id = w.brand_id and ${isDue}
        order by m.next_attempt_at, m.id limit $2 for no key update skip locked) due
  ), due as (
    select brand_id, id from turns order by turn, next_attempt_at, id limit $2
  )
  update mails m set lease = $3, leased_until = $4 from due where m.brand_id = due.brand_id and m.id = due.id
  returning m.brand_id, m.id`;
