import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { daysAfter } from '../../../libs/kernel/clock';
import type { DomainEvent } from '../../../libs/kernel/domain-event';
import { newId, publicId } from '../../../libs/kernel/id';
import { type JsonObject, mergeMetadata, type Metadata } from '../../../libs/kernel/json';
import { CancelledIsFinal, NoGracePossible, RenewalShortens, SeatLimitReached, TermNotPossible } from './errors';
import {
  LicenseCancelled,
  LicenseExpired,
  LicenseExpiringSoon,
  type LicenseFacts,
  LicenseGraceEnded,
  LicenseGraceExtended,
  LicenseProvisioned,
  LicenseRenewed,
  LicenseResumed,
  LicenseSuspended,
  LicenseUpdated,
} from './events';

export type LicenseStatus = 'valid' | 'suspended' | 'cancelled';

/** Who granted a license: the brand's own system, a purchase (then by which plan, under which name there), or support by hand. */
export interface LicenseOrigin {
  readonly by: 'api' | 'purchase' | 'support';
  readonly plan: string | null;
  readonly reference: string | null;
}

export interface LicenseState {
  readonly brandId: BrandId;
  readonly id: string;
  readonly licenseKeyId: string;
  readonly productId: string;
  readonly productCode: string;
  readonly customerEmail: string;
  /** What somebody decided. Whether time has ended the license is computed when it is asked. */
  readonly status: LicenseStatus;
  readonly startsAt: Date | null;
  /** null: never. */
  readonly expiresAt: Date | null;
  readonly graceDays: number;
  /** null: as many as are asked for. */
  readonly seatLimit: number | null;
  readonly seatsUsed: number;
  /** What `seatsUsed` can never pass: the limit, or the seats still taken after the limit was lowered beneath them. */
  readonly seatCeiling: number | null;
  readonly entitlements: JsonObject;
  readonly metadata: Metadata;
  readonly origin: LicenseOrigin;
  /** Whether its end moves on by itself, as long as somebody pays. */
  readonly renews: boolean;
  /** Up to when the clock's own events of the present term have been told. */
  readonly noticedUntil: Date;
  /** When the clock has to look at the license next; null: never. */
  readonly nextNoticeAt: Date | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a license is granted by: the shape needed of a product. */
interface Granting {
  readonly id: string;
  readonly code: string;
  readonly seatLimit: number | null;
  readonly durationDays: number | null;
  readonly graceDays: number;
  readonly entitlements: JsonObject;
}

/** The key that holds the license: the shape needed of it. */
interface Holder {
  readonly brandId: BrandId;
  readonly id: string;
  readonly customerEmail: string;
}

/** What the caller wants other than the product's defaults; absent means default, null means none. */
export interface LicenseTerms {
  readonly seatLimit?: number | null;
  readonly startsAt?: Date | null;
  readonly expiresAt?: Date | null;
  readonly graceDays?: number;
  readonly entitlements?: JsonObject;
  readonly metadata?: Metadata;
  readonly origin?: LicenseOrigin;
  readonly renews?: boolean;
}

export interface LicenseChange {
  readonly seatLimit?: number | null;
  readonly graceDays?: number;
  readonly renews?: boolean;
  readonly entitlements?: JsonObject;
  readonly metadata?: Record<string, string | null>;
}

export type Renewal = { readonly expiresAt: Date | null } | { readonly extendDays: number };

const byApi: LicenseOrigin = { by: 'api', plan: null, reference: null };
const lastYear = new Date(Date.UTC(2100, 0));
const dayMs = 86_400_000;

export const graceUntil = ({ expiresAt, graceDays }: Pick<LicenseState, 'expiresAt' | 'graceDays'>): Date | null =>
  expiresAt && graceDays > 0 ? daysAfter(expiresAt, graceDays) : null;

export const seatsOf = ({ seatLimit, seatsUsed }: Pick<LicenseState, 'seatLimit' | 'seatsUsed'>) => ({
  limit: seatLimit,
  used: seatsUsed,
  remaining: seatLimit === null ? null : Math.max(0, seatLimit - seatsUsed),
});

/** The right to use one product, for a time and on a number of seats. */
export class License extends Aggregate<LicenseState> {
  static grant({ brandId, id: licenseKeyId, customerEmail }: Holder, product: Granting, terms: LicenseTerms, at: Date): License {
    const { startsAt = null, seatLimit = product.seatLimit, graceDays = product.graceDays } = terms;
    const { entitlements = product.entitlements, metadata = {}, origin = byApi, renews = false } = terms;
    const begins = startsAt && startsAt > at ? startsAt : at;
    const { expiresAt = product.durationDays === null ? null : daysAfter(begins, product.durationDays) } = terms;
    if (expiresAt && startsAt && expiresAt <= startsAt) throw new TermNotPossible('expires_at must lie after starts_at', '/expires_at');
    if (expiresAt && expiresAt >= lastYear) throw new TermNotPossible('the end would lie beyond the year 2099', '/expires_at');
    const license = new License({
      brandId,
      id: newId(),
      licenseKeyId,
      productId: product.id,
      productCode: product.code,
      customerEmail,
      status: 'valid',
      startsAt,
      expiresAt,
      graceDays,
      seatLimit,
      seatsUsed: 0,
      seatCeiling: seatLimit,
      entitlements,
      metadata,
      origin,
      renews,
      ...noticesOf(expiresAt, at),
      version: 1,
      createdAt: at,
      updatedAt: at,
    });
    license.record(new LicenseProvisioned(brandId, at, license.facts()));
    return license;
  }

  /** Days are counted from the expiry, or from now when that has passed. Never shortens; to the same end changes nothing. */
  renew(renewal: Renewal, at: Date, noticeDays: readonly number[] = []): void {
    this.ensureNotCancelled();
    const { expiresAt: present } = this.state;
    const wanted = 'expiresAt' in renewal ? renewal.expiresAt : this.extendedBy(renewal.extendDays, at);
    if (wanted?.getTime() === present?.getTime()) return;
    if (wanted && (!present || wanted < present)) throw new RenewalShortens(present);
    this.tellOfTerm(noticeDays, at);
    this.revise({ expiresAt: wanted, ...noticesOf(wanted, at) }, at);
    this.record(new LicenseRenewed(this.state.brandId, at, this.facts()));
  }

  /** valid ⇄ suspended; cancelled is final. The same status again changes nothing. */
  becomes(status: LicenseStatus, reason: string | undefined, at: Date, noticeDays: readonly number[] = []): void {
    if (status === this.state.status) return;
    this.ensureNotCancelled();
    if (status === 'cancelled') this.tellOfTerm(noticeDays, at);
    this.revise({ status, ...(status === 'cancelled' && { nextNoticeAt: null }) }, at);
    const event = { valid: LicenseResumed, suspended: LicenseSuspended, cancelled: LicenseCancelled }[status];
    this.record(new event(this.state.brandId, at, { ...this.facts(), ...(reason !== undefined && { reason }) }));
  }

  /** A limit below the seats in use ends none of them; it refuses new ones. To what is there already changes nothing. */
  update(change: LicenseChange, at: Date): void {
    this.ensureNotCancelled();
    const { seatLimit, graceDays, renews, entitlements, metadata } = { ...this.state, metadata: {}, ...change };
    const wanted = { seatLimit, graceDays, renews, entitlements, metadata: mergeMetadata(this.state.metadata, metadata) };
    if (!this.alters(wanted)) return;
    this.revise({ ...wanted, ...this.noticesOfGrace(graceDays, at), seatCeiling: ceiling(seatLimit, this.state.seatsUsed) }, at);
    this.record(new LicenseUpdated(this.state.brandId, at, this.facts()));
  }

  /** Gives so many days more after the end, as support does for somebody who is about to pay. @throws NoGracePossible for what never ends */
  extendGrace(days: number, reason: string | undefined, at: Date): void {
    this.ensureNotCancelled();
    const { expiresAt, graceDays } = this.state;
    if (!expiresAt) throw new NoGracePossible();
    // What has passed already is not given again.
    const passed = Math.max(0, Math.ceil((at.getTime() - daysAfter(expiresAt, graceDays).getTime()) / dayMs));
    const wanted = graceDays + passed + days;
    if (daysAfter(expiresAt, wanted) >= lastYear) throw new TermNotPossible('the grace would end beyond the year 2099', '/extend_days');
    this.revise({ graceDays: wanted, ...this.noticesOfGrace(wanted, at) }, at);
    this.record(new LicenseGraceExtended(this.state.brandId, at, { ...this.facts(), ...(reason !== undefined && { reason }) }));
  }

  /**
   * Tells what of the present term has come since the last look, late rather than never and in its order, and knows when to look again.
   * The license itself does not change: its version stays. Answers the types of what was told.
   */
  tellOfExpiry(daysBefore: readonly number[], at: Date): string[] {
    const { noticedUntil: since } = this.state;
    const until = at > since ? at : since;
    const moments = this.moments(daysBefore, at);
    const told = moments.filter((moment) => moment.at > since && moment.at <= until).map(({ event }) => event());
    told.forEach((event) => this.record(event));
    this.change({ noticedUntil: until, nextNoticeAt: moments.find((moment) => moment.at > until)?.at ?? null });
    return told.map(({ type }) => type);
  }

  /** Before the term is another one: what of it the clock has not come to yet. */
  private tellOfTerm(noticeDays: readonly number[], at: Date): void {
    if (this.state.nextNoticeAt) this.tellOfExpiry(noticeDays, at);
  }

  /** The seat itself is an activation; this counts it. */
  takeSeat(at: Date): void {
    const { seatLimit, seatsUsed } = this.state;
    if (seatLimit !== null && seatsUsed >= seatLimit) throw new SeatLimitReached(seatLimit, seatsUsed);
    this.count(seatsUsed + 1, at);
  }

  freeSeat(at: Date): void {
    this.count(this.state.seatsUsed - 1, at);
  }

  /** What time does to the present term, in its order; nothing to what was cancelled. */
  private moments(daysBefore: readonly number[], at: Date): { readonly at: Date; readonly event: () => DomainEvent }[] {
    const { brandId, status, expiresAt } = this.state;
    if (status === 'cancelled' || !expiresAt) return [];
    const [facts, graceEnds] = [this.facts(), graceUntil(this.state)];
    const farthestFirst = [...daysBefore].sort((one, other) => other - one);
    return [
      ...farthestFirst.map((days) => ({
        at: daysAfter(expiresAt, -days),
        event: () => new LicenseExpiringSoon(brandId, at, { ...facts, days_before: days }),
      })),
      { at: expiresAt, event: () => new LicenseExpired(brandId, at, facts) },
      ...(graceEnds ? [{ at: graceEnds, event: () => new LicenseGraceEnded(brandId, at, facts) }] : []),
    ];
  }

  /** Another end of the grace: the clock has to look when that one comes. */
  private noticesOfGrace(graceDays: number, at: Date): Partial<LicenseState> {
    return graceDays === this.state.graceDays || !this.state.expiresAt ? {} : { nextNoticeAt: at };
  }

  private count(seatsUsed: number, at: Date): void {
    this.revise({ seatsUsed, seatCeiling: ceiling(this.state.seatLimit, seatsUsed) }, at);
  }

  private extendedBy(days: number, at: Date): Date {
    const { expiresAt } = this.state;
    if (!expiresAt) throw new RenewalShortens(null);
    const wanted = daysAfter(expiresAt > at ? expiresAt : at, days);
    if (wanted >= lastYear) throw new TermNotPossible('the new end would lie beyond the year 2099', '/extend_days');
    return wanted;
  }

  private ensureNotCancelled(): void {
    if (this.state.status === 'cancelled') throw new CancelledIsFinal();
  }

  private revise(part: Partial<LicenseState>, at: Date): void {
    this.change({ ...part, version: this.state.version + 1, updatedAt: at });
  }

  private facts(): LicenseFacts {
    const { id, version, licenseKeyId, productCode, status, startsAt, expiresAt, entitlements } = this.state;
    return {
      id: publicId('license', id),
      version,
      license_key_id: publicId('licenseKey', licenseKeyId),
      product_code: productCode,
      status,
      starts_at: startsAt?.toISOString() ?? null,
      expires_at: expiresAt?.toISOString() ?? null,
      grace_until: graceUntil(this.state)?.toISOString() ?? null,
      seats: seatsOf(this.state),
      entitlements,
    };
  }
}

/** Only a seat that is being freed may find more in use than the limit allows. */
const ceiling = (limit: number | null, used: number): number | null => (limit === null ? null : Math.max(limit, used));

/** A new term: nothing of it has been told, and what lay before it never will be. The clock looks at it at once, and knows when to come back. */
const noticesOf = (expiresAt: Date | null, at: Date) => ({ noticedUntil: at, nextNoticeAt: expiresAt && at });
