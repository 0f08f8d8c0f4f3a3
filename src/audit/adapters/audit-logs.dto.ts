import { IsIn, Matches } from 'class-validator';
import { IsInstant, IsLine, Optional } from '../../../libs/http/dto-rules';
import { AnyBrandPageQuery } from '../../../libs/http/paging';
import { installation } from '../../../libs/kernel/brand-id';
import { publicId } from '../../../libs/kernel/id';
import type { JsonObject } from '../../../libs/kernel/json';
import type { AuditEntry, AuditOutcome } from '../use-cases/list-audit-logs';

export class AuditLogsQuery extends AnyBrandPageQuery {
  /** Who: the id of an API key, or `console`. @example "apk_06efg00000e0082000000000000" */
  @Optional()
  @IsLine(100)
  actor?: string;

  /** What: an event like `license.renewed`, all of a kind like `license.*`, or, where it was refused, an operation like `renewLicense`. @example "license.*" */
  @Optional()
  @Matches(/^[A-Za-z_]{1,60}(\.[a-z_]{1,60})?(\.\*)?$/, { message: 'action must be like license.renewed, license.* or renewLicense' })
  action?: string;

  /** On what: a public id. @example "lic_06efg00000e0082000000000000" */
  @Optional()
  @IsLine(100)
  target?: string;

  /** @example "done" */
  @Optional()
  @IsIn(['done', 'refused'])
  outcome?: AuditOutcome;

  /** At that time or later. @example "2026-11-01T00:00:00Z" */
  @Optional()
  @IsInstant()
  since?: string;

  /** Before that time. @example "2099-12-01T00:00:00Z" */
  @Optional()
  @IsInstant()
  until?: string;
}

export class AuditLogObject {
  /** @example "aud_06efg00000e0082000000000000" */
  id!: string;
  /** null for what concerns the installation itself. @example "brd_06efg00000e0082000000000000" */
  brand_id!: string | null;
  /** The API key that called; `console` for a command of an operator, `latchkey` for the service itself. @example "apk_06efg00000e0082000000000000" */
  actor!: string;
  /** The event that it left, or the operation that was refused. @example "license.renewed" */
  action!: string;
  /** @example "lic_06efg00000e0082000000000000" */
  target!: string | null;
  /** @example "done" */
  outcome!: AuditOutcome;
  /** Why it was refused. @example null */
  code!: string | null;
  /** What changed, as it was; empty where that is a secret, null of something new. @example { "expires_at": "2026-12-31T23:59:59.000Z" } */
  before!: JsonObject | null;
  /** What changed, as it is now; of something new, what it is. @example { "expires_at": "2027-12-31T23:59:59.000Z" } */
  after!: JsonObject | null;
  /** @example "req_06efmaxjnf1v7gh8b4rpvks8kg" */
  request_id!: string | null;
  /** @example "203.0.113.7" */
  ip!: string | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  occurred_at!: string;
  /** Whether it stands in the signed chain, which takes a few seconds. @example true */
  sealed!: boolean;
}

export const auditLogObject = (entry: AuditEntry): AuditLogObject => ({
  id: publicId('auditLog', entry.id),
  brand_id: entry.brandId === installation ? null : publicId('brand', entry.brandId),
  actor: entry.actor,
  action: entry.action,
  target: entry.target,
  outcome: entry.outcome,
  code: entry.code,
  before: entry.before,
  after: entry.after,
  request_id: entry.requestId,
  ip: entry.ip,
  occurred_at: entry.occurredAt.toISOString(),
  sealed: entry.isSealed,
});
