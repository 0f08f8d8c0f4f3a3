import { Injectable } from '@nestjs/common';
import type { Aggregate } from '../kernel/aggregate';
import type { BrandId } from '../kernel/brand-id';
import type { DomainEvent } from '../kernel/domain-event';
import { newId } from '../kernel/id';
import { Database } from './database';
import { type Provenance, provenance } from './provenance';
import { snakeCase } from './snake-case-columns';

/** A call that was refused: what was asked for, of what, and the code of the refusal. */
export interface Refused {
  readonly brandId: BrandId;
  readonly action: string;
  readonly target: string | null;
  readonly code: string;
}

/** Whom nobody has to answer for: products are told of by their events, and time does what it does. */
const unaudited: readonly (string | null)[] = ['license_key', 'clock'];

/** Writes who did what, in the unit of work of the change: both or neither. */
@Injectable()
export class AuditLog {
  constructor(private readonly db: Database) {}

  /** Whether what this one does has to be answered for. */
  concerns(who: Provenance | undefined): boolean {
    return !unaudited.includes(who?.actor ?? null);
  }

  /** One row for each event that a person's or a system's command left on the aggregate. */
  async changed(aggregate: Pick<Aggregate<object>, 'changes'>, events: readonly DomainEvent[]): Promise<void> {
    if (!this.concerns(provenance())) return;
    const changes = aggregate.changes.filter(isTold);
    // Where only a secret changed, both sides stay empty: a row without the first would tell of something new.
    const visible = changes.filter(shown);
    const side = (which: 'before' | 'after') => Object.fromEntries(visible.map((change) => [snakeCase(change.member), change[which]]));
    for (const { brandId, type: action, data, occurredAt } of events) {
      const target = 'id' in data && typeof data.id === 'string' ? data.id : null;
      const sides = changes.length > 0 ? { before: side('before'), after: side('after') } : { before: null, after: data };
      await this.write({ brandId, action, target, outcome: 'done', code: null, ...sides, occurredAt });
    }
  }

  /** Joins the open unit of work. */
  refused(refused: Refused): Promise<void> {
    return this.write({ ...refused, outcome: 'refused', before: null, after: null, occurredAt: this.db.now() });
  }

  private async write({ brandId, action, target, outcome, code, before, after, occurredAt }: Entry): Promise<void> {
    const { actor, requestId = null, ip = null } = provenance() ?? {};
    await this.db.manager.query(
      `with log as (
         insert into audit_logs (brand_id, id, actor, action, target, outcome, code, before, after, request_id, ip, occurred_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       )
       insert into audit_seals (brand_id, audit_log_id) values ($1, $2)`,
      [brandId, newId(), actor ?? 'latchkey', action, target, outcome, code, json(before), json(after), requestId, ip, occurredAt],
    );
  }
}

interface Entry extends Omit<Refused, 'code'> {
  readonly code: string | null;
  readonly outcome: 'done' | 'refused';
  readonly before: object | null;
  readonly after: object | null;
  readonly occurredAt: Date;
}

const json = (value: object | null): string | null => value && JSON.stringify(value);

type Change = Aggregate<object>['changes'][number];

/** The book-keeping of a change says nothing that the row does not. */
const isTold = ({ member }: Change): boolean => !bookkeeping.includes(member);
const bookkeeping = ['version', 'updatedAt', 'noticedUntil', 'nextNoticeAt', 'enabledAt', 'lastFailureAt', 'slow'];

/** Bytes are hashes and sealed secrets. */
const shown = ({ before, after }: Change): boolean => !Buffer.isBuffer(before) && !Buffer.isBuffer(after);
