import { Injectable } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import type { Replay } from '../domain/replay';
import { type ClaimedSubject, Inbox, type InboxEvent, type Outcome } from '../ports/inbox';
import { claimedOf, leaseDue, leaseOne, letGo } from './lease-looks';

export const providerEventTable = new EntitySchema<InboxEvent>({
  name: 'stripe_event',
  tableName: 'stripe_events',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'text', primary: true },
    type: { type: 'text' },
    subject: { type: 'text', nullable: true },
    body: { type: 'bytea' },
    status: { type: 'text' },
    error: { type: 'text', nullable: true },
    attempts: { type: 'int' },
    nextAttemptAt: { type: 'timestamptz', nullable: true },
    createdAt: { type: 'timestamptz', nullable: true },
    receivedAt: { type: 'timestamptz' },
    processedAt: { type: 'timestamptz', nullable: true },
  },
});

@Injectable()
export class PostgresInbox implements Inbox {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async add(event: InboxEvent): Promise<boolean> {
    const { brandId, id, type, subject, body, status, error, attempts, nextAttemptAt, createdAt, receivedAt, processedAt } = event;
    const values = [brandId, id, type, subject, body, status, error, attempts, nextAttemptAt, createdAt, receivedAt, processedAt];
    return (await this.db.manager.query<unknown[]>(add, values)).length > 0;
  }

  async claim(_reach: AllBrands, limit: number, leaseSeconds: number, at: Date): Promise<ClaimedSubject[]> {
    const { manager } = this.db;
    const lease = { lease: newId(), until: secondsAfter(at, leaseSeconds), at };
    const places = await leaseDue(manager, lease, limit);
    if (places.length === 0) return [];
    const idle = await letGo(manager, lease);
    const held = places.filter((one) => !idle.some(({ brandId, subject }) => one.brandId === brandId && one.subject === subject));
    return claimedOf(manager, held, lease.lease);
  }

  async lease(brandId: BrandId, subject: string, leaseSeconds: number, at: Date): Promise<ClaimedSubject | null> {
    const [place, lease] = [
      { brandId, subject },
      { lease: newId(), until: secondsAfter(at, leaseSeconds), at },
    ];
    if (!(await leaseOne(this.db.manager, place, lease))) return null;
    return (await claimedOf(this.db.manager, [place], lease.lease))[0]!;
  }

  async holds({ brandId, subject, lease }: ClaimedSubject): Promise<boolean> {
    return (await this.db.manager.query<unknown[]>(held, [brandId, subject, lease])).length > 0;
  }

  async settle({ brandId, subject, lease }: ClaimedSubject, outcomes: readonly Outcome[], at: Date): Promise<void> {
    if (outcomes.length > 0) await this.db.manager.query(settled, [brandId, JSON.stringify(outcomes), at]);
    await this.db.manager.query('delete from billing_looks where brand_id = $1 and subject = $2 and lease = $3', [brandId, subject, lease]);
  }

  find(brandId: BrandId, id: string): Promise<InboxEvent | null> {
    return this.db.manager.findOne(providerEventTable, { where: { brandId, id } });
  }

  async replay(replay: Replay, at: Date): Promise<void> {
    const { brandId, id } = replay.state;
    const anew = { status: 'waiting', attempts: 0, nextAttemptAt: at, error: null, processedAt: null } as const;
    await this.db.manager.update(providerEventTable, { brandId, id }, anew);
    await this.outbox.record(replay);
  }

  async hurry(brandId: BrandId, subjects: readonly string[], at: Date): Promise<void> {
    await this.db.manager.query(hurried, [brandId, subjects, at]);
  }
}

const add = `
  insert into stripe_events (brand_id, id, type, subject, body, status, error, attempts, next_attempt_at, created_at, received_at, processed_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (brand_id, id) do nothing returning id`;

const held = 'select from billing_looks where brand_id = $1 and subject = $2 and lease = $3 for update';

const settled = `
  update stripe_events e
     set status = o.status, error = o.error, attempts = e.attempts + 1, next_attempt_at = o."nextAttemptAt",
         subject = coalesce(o.subject, e.subject), processed_at = case when o.status <> 'waiting' then $3::timestamptz end
    from jsonb_to_recordset($2) as o (id text, status text, error text, "nextAttemptAt" timestamptz, subject text)
   where e.brand_id = $1 and e.id = o.id`;

const hurried = `
  update stripe_events set next_attempt_at = $3
   where brand_id = $1 and subject = any ($2::text[]) and status = 'waiting' and next_attempt_at > $3`;
