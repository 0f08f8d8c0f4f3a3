import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { EntitySchema } from 'typeorm';
import type { Aggregate } from '../kernel/aggregate';
import type { BrandId } from '../kernel/brand-id';
import type { DomainEvent } from '../kernel/domain-event';
import { AuditLog } from './audit-log';
import { Database } from './database';
import type { Lane, Statement } from './lane';
import { type Provenance, provenance } from './provenance';

export interface OutboxRow {
  readonly brandId: BrandId;
  readonly id: string;
  readonly type: string;
  readonly data: object;
  readonly actor: string | null;
  readonly requestId: string | null;
  readonly traceparent: string | null;
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
    traceparent: { type: 'text', nullable: true },
    occurredAt: { type: 'timestamptz' },
  },
});

/** Writes a changed state together with what happened to it and who did it: all or nothing. After the commit the process is told. */
@Injectable()
export class Outbox {
  private readonly logger = new Logger(Outbox.name);

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
    await this.db.manager.insert(outboxTable, events.map(rowOf(provenance())));
    await this.audit.changed(aggregate, events);
    this.db.afterCommit(() => this.tell(events));
  }

  /** Sends the events of many calls on their way with the transaction they share. None of them may be one that the audit log concerns. */
  lay(lane: Lane, calls: readonly Told[]): void {
    const rows = calls.flatMap(({ events, by }) => events.map(rowOf(by)));
    if (rows.length > 0) void lane.ask(layEvents, [JSON.stringify(rows)]);
  }

  /** To the process itself, once the events are committed. */
  tell(events: readonly DomainEvent[]): void {
    if (events.length === 0) return;
    try {
      void this.signals.publishAll([...events]);
    } catch (error) {
      // What was committed stays done, whatever those who are told of it make of it: it must not be done again.
      this.logger.error(error);
    }
  }
}

/** What a call made happen, and who made it. */
interface Told {
  readonly events: readonly DomainEvent[];
  readonly by: Provenance | undefined;
}

const rowOf =
  ({ actor = null, requestId = null, traceparent = null }: Partial<Provenance> = {}) =>
  ({ brandId, id, type, data, occurredAt }: DomainEvent): OutboxRow => ({
    ...{ brandId, id, type, data },
    ...{ actor, requestId, traceparent, occurredAt },
  });

export const layEvents: Statement = {
  name: 'lay events',
  text: `insert into outbox_events (brand_id, id, type, data, actor, request_id, traceparent, occurred_at)
         select "brandId", id, type, data, actor, "requestId", traceparent, "occurredAt"
           from jsonb_to_recordset($1) as event ("brandId" uuid, id uuid, type text, data jsonb, actor text, "requestId" text, traceparent text, "occurredAt" timestamptz)`,
};
