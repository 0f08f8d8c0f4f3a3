import { Injectable } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { EntitySchema } from 'typeorm';
import type { Aggregate } from '../kernel/aggregate';
import type { BrandId } from '../kernel/brand-id';
import { AuditLog } from './audit-log';
import { Database } from './database';
import { provenance } from './provenance';

export interface OutboxRow {
  readonly brandId: BrandId;
  readonly id: string;
  readonly type: string;
  readonly data: object;
  readonly actor: string | null;
  readonly requestId: string | null;
  readonly occurredAt: Date;
}

export const outboxTable = new EntitySchema<OutboxRow>({
  name: 'outbox_event',
  tableName: 'outbox_events',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    type: { type: 'text' },
    data: { type: 'jsonb' },
    actor: { type: 'text', nullable: true },
    requestId: { type: 'text', nullable: true },
    occurredAt: { type: 'timestamptz' },
  },
});

/** Writes a changed state together with what happened to it and who did it: all or nothing. After the commit the process is told. */
@Injectable()
export class Outbox {
  constructor(
    private readonly db: Database,
    private readonly audit: AuditLog,
    private readonly signals: EventBus,
  ) {}

  async save<State extends object>(table: EntitySchema<State>, aggregate: Aggregate<State>, key: (keyof State & string)[]): Promise<void> {
    // A copy, because TypeORM writes into what it is given.
    await this.db.manager.upsert(table, { ...aggregate.state } as never, key);
    await this.record(aggregate);
  }

  async record(aggregate: Aggregate<object>): Promise<void> {
    const events = aggregate.releaseEvents();
    if (events.length === 0) return;
    const { actor = null, requestId = null } = provenance() ?? {};
    const rows = events.map(({ brandId, id, type, data, occurredAt }) => ({ brandId, id, type, data, actor, requestId, occurredAt }));
    await this.db.manager.insert(outboxTable, rows);
    await this.audit.changed(aggregate, events);
    this.db.afterCommit(() => void this.signals.publishAll(events));
  }
}
