import { IsEmail, IsIn } from 'class-validator';
import { IsLine, Normalised, Optional, OptionalOrNull } from '../../../libs/http/dto-rules';
import { PageQuery } from '../../../libs/http/paging';
import { publicId } from '../../../libs/kernel/id';
import type { CustomerState } from '../domain/customer';
import type { DriftCause } from '../domain/drift';
import type { InboxEvent, InboxStatus } from '../ports/inbox';
import type { DriftEntry } from '../use-cases/list-drift';

export class ReceivedObject {
  /** @example true */
  received!: boolean;
}

export class LinkCustomerBody {
  /** Whose licenses his purchases drive; absent or null: of the address that Stripe has. @example "jane@example.com" */
  @OptionalOrNull()
  @Normalised()
  @IsEmail(undefined, { message: '$property must be an e-mail address' })
  customer_email?: string | null;
}

export class StripeCustomerObject {
  /** As Stripe names it. @example "cus_QabcDEF" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** @example "jane@example.com" */
  email!: string | null;
  /** Whose licenses his purchases drive, where support said so. @example null */
  linked_email!: string | null;
  /** Whether his purchases change licenses. @example true */
  linked!: boolean;
}

export const stripeCustomerObject = ({ id, brandId, email, linkedEmail, followed }: CustomerState): StripeCustomerObject => ({
  id,
  brand_id: publicId('brand', brandId),
  email,
  linked_email: linkedEmail,
  linked: followed,
});

const statuses = ['waiting', 'done', 'ignored', 'set_aside'] as const;

export class StripeEventsQuery extends PageQuery {
  /** `set_aside`: cannot be processed, a person has to look; `ignored`: concerns no license. @example "set_aside" */
  @Optional()
  @IsIn(statuses)
  status?: InboxStatus;
}

export class StripeEventObject {
  /** As Stripe names it. @example "evt_1QabcDEF" */
  id!: string;
  /** @example "invoice.paid" */
  type!: string;
  /** The purchase or payment it is about, as Stripe names it. @example "sub_1QabcDEF" */
  subject!: string | null;
  /** @example "done" */
  status!: InboxStatus;
  /** Why it waits or was set aside. @example null */
  error!: string | null;
  /** @example 1 */
  attempts!: number;
  /** @example null */
  next_attempt_at!: string | null;
  /** By the clock of Stripe. @example "2026-11-23T12:00:00.000Z" */
  created_at!: string | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  received_at!: string;
  /** @example "2026-11-23T12:00:01.000Z" */
  processed_at!: string | null;
}

export const stripeEventObject = (event: Omit<InboxEvent, 'body'>): StripeEventObject => ({
  id: event.id,
  type: event.type,
  subject: event.subject,
  status: event.status,
  error: event.error,
  attempts: event.attempts,
  next_attempt_at: event.nextAttemptAt?.toISOString() ?? null,
  created_at: event.createdAt?.toISOString() ?? null,
  received_at: event.receivedAt.toISOString(),
  processed_at: event.processedAt?.toISOString() ?? null,
});

export class DriftQuery {
  /** For internal keys: the id or slug of the brand. @example "demo" */
  @Optional()
  @IsLine(100)
  brand?: string;
}

export class DriftObject {
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** The purchase, as Stripe names it. @example "sub_1QabcDEF" */
  reference!: string;
  /** @example "license_suspended" */
  cause!: DriftCause;
  /** @example "The license of seo_pro was suspended by hand." */
  detail!: string;
  /** For how long it has been so. @example 3600 */
  age_seconds!: number;
  /** @example "2026-11-23T12:00:00.000Z" */
  first_seen_at!: string;
  /** @example "2026-11-23T13:00:00.000Z" */
  last_seen_at!: string;
}

export const driftObject = ({ brandId, subject, cause, detail, firstSeenAt, lastSeenAt }: DriftEntry): DriftObject => ({
  brand_id: publicId('brand', brandId),
  reference: subject,
  cause,
  detail,
  age_seconds: Math.max(0, Math.round((Date.now() - firstSeenAt.getTime()) / 1000)),
  first_seen_at: firstSeenAt.toISOString(),
  last_seen_at: lastSeenAt.toISOString(),
});
