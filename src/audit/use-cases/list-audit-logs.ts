import { Query } from '@nestjs/cqrs';
import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import type { JsonObject } from '../../../libs/kernel/json';
import type { Cut, Page } from '../../../libs/kernel/page';

export type AuditOutcome = 'done' | 'refused';

/** Who did what, or tried to. */
export interface AuditEntry {
  readonly id: string;
  readonly brandId: BrandId;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: AuditOutcome;
  readonly code: string | null;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly requestId: string | null;
  readonly ip: string | null;
  readonly occurredAt: Date;
  readonly isSealed: boolean;
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  /** One action, or all of a kind: `license.*`. */
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** The audit log, newest first. */
export class ListAuditLogs extends Query<Page<AuditEntry>> {
  constructor(
    readonly reach: Reach,
    readonly filter: AuditFilter,
    readonly cut: Cut,
  ) {
    super();
  }
}
