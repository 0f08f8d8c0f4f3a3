import { Injectable } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { Database } from '../../../libs/persistence/database';
import { type Attempt, Delivery, type DeliveryState, leaseSeconds } from '../domain/delivery';
import { type Claimed, Deliveries, type PastEvent, type Replayed, type Room } from '../ports/deliveries';
import { claimDeliveries, isDue } from './claim-deliveries';
import { DeliveryBell } from './delivery-bell';

export const webhookDeliveryTable = new EntitySchema<DeliveryState>({
  name: 'webhook_delivery',
  tableName: 'webhook_deliveries',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    endpointId: { type: 'uuid' },
    eventId: { type: 'uuid' },
    eventType: { type: 'text' },
    cause: { type: 'text' },
    status: { type: 'text' },
    attempts: { type: 'int' },
    nextAttemptAt: { type: 'timestamptz', nullable: true },
    lease: { type: 'uuid', nullable: true },
    leasedUntil: { type: 'timestamptz', nullable: true },
    createdAt: { type: 'timestamptz' },
    settledAt: { type: 'timestamptz', nullable: true },
  },
});

export type AttemptState = Attempt & { readonly brandId: BrandId; readonly deliveryId: string };

export const webhookAttemptTable = new EntitySchema<AttemptState>({
  name: 'webhook_attempt',
  tableName: 'webhook_attempts',
  columns: {
    brandId: { type: 'uuid', primary: true },
    deliveryId: { type: 'uuid', primary: true },
    number: { type: 'int', primary: true },
    status: { type: 'int', nullable: true },
    error: { type: 'text', nullable: true },
    latencyMs: { type: 'int' },
    answer: { type: 'text', nullable: true },
    attemptedAt: { type: 'timestamptz' },
  },
});

@Injectable()
export class PostgresDeliveries implements Deliveries {
  constructor(
    private readonly db: Database,
    private readonly bell: DeliveryBell,
  ) {}

  async add(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const rows = deliveries.map(({ state }) => ({ ...state }));
    await this.db.manager.createQueryBuilder().insert().into(webhookDeliveryTable).values(rows).orIgnore().execute();
    this.db.afterCommit(() => this.bell.ring());
  }

  async replay({ brandId, id, enabledAt }: Replayed, events: readonly PastEvent[], at: Date): Promise<void> {
    await this.db.manager.query(
      `with wanted as (select * from unnest($3::uuid[], $4::uuid[], $5::text[]) as w (id, event_id, event_type)),
       waiting as (
         update webhook_deliveries d set next_attempt_at = least(next_attempt_at, $6) from wanted w
          where d.brand_id = $1 and d.endpoint_id = $2 and d.event_id = w.event_id and d.status = 'pending' and d.created_at >= $7
          returning d.event_id)
       insert into webhook_deliveries (brand_id, id, endpoint_id, event_id, event_type, cause, status, attempts, next_attempt_at, created_at)
       select $1, w.id, $2, w.event_id, w.event_type, 'replay', 'pending', 0, $6, $6 from wanted w
        where w.event_id not in (select event_id from waiting)`,
      [brandId, id, events.map(() => newId()), events.map((event) => event.id), events.map(({ type }) => type), at, enabledAt],
    );
    this.db.afterCommit(() => this.bell.ring());
  }

  claim(_reach: AllBrands, room: Room, at: Date): Promise<Claimed[]> {
    return claimDeliveries(this.db.manager, room, at);
  }

  async renew(_reach: AllBrands, claimed: readonly Claimed[], at: Date): Promise<void> {
    await this.db.manager.query(
      `update webhook_deliveries d set leased_until = $4 from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as mine (brand_id, id, lease)
        where d.brand_id = mine.brand_id and d.id = mine.id and d.lease = mine.lease`,
      [
        claimed.map(({ brandId }) => brandId),
        claimed.map(({ id }) => id),
        claimed.map(({ lease }) => lease),
        secondsAfter(at, leaseSeconds),
      ],
    );
  }

  async hold(brandId: BrandId, id: string): Promise<Delivery | null> {
    const row = await this.db.manager.findOne(webhookDeliveryTable, { where: { brandId, id }, lock: { mode: 'for_no_key_update' } });
    return row && new Delivery(row);
  }

  async save({ state }: Delivery, attempt: Attempt): Promise<void> {
    await this.db.manager.upsert(webhookDeliveryTable, { ...state }, ['brandId', 'id']);
    await this.db.manager.insert(webhookAttemptTable, { brandId: state.brandId, deliveryId: state.id, ...attempt });
  }

  async anyDue(brandId: BrandId, endpointId: string, at: Date): Promise<boolean> {
    const sql = `select from webhook_deliveries d where brand_id = $1 and endpoint_id = $2 and ${isDue('d', '$3')} limit 1`;
    return (await this.db.manager.query<unknown[]>(sql, [brandId, endpointId, at])).length > 0;
  }
}
