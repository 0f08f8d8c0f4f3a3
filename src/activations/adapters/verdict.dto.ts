import { IsLine, Optional } from '../../../libs/http/dto-rules';
import { publicId } from '../../../libs/kernel/id';
import type { JsonObject } from '../../../libs/kernel/json';
import { graceUntil, SeatsObject, seatsOf, type VerdictCode, type Verification } from '../../licenses';
import type { HeldSeat } from '../ports/records';

export class VerifyQuery {
  /** Absent: about every license of the key. @example "seo_pro" */
  @Optional()
  @IsLine(64)
  product_code?: string;

  /** Absent: whether a seat is held does not matter. @example "https://example.com" */
  @Optional()
  @IsLine(255)
  instance_id?: string;
}

export class VerifyBody extends VerifyQuery {
  /** However it was typed: case, spaces and hyphens do not matter. @example "DEMO-4H7QK-9ZC2M-T5XWB-0R8NJ-V3PDY-A7K2Q" */
  @IsLine(200)
  license_key!: string;
}

/** What each code says to people, and what helps. */
const wording: Record<VerdictCode, { detail: string; remedy: string | null }> = {
  not_found: { detail: 'This license key does not exist.', remedy: 'Check the key for typing errors, or ask whoever sold it.' },
  product_mismatch: { detail: 'This license key does not unlock this product.', remedy: 'Use the key that was bought for this product.' },
  cancelled: { detail: 'This license was cancelled.', remedy: 'Buy a new license.' },
  suspended: { detail: 'This license is suspended.', remedy: 'Settle what is open with the seller; then it works again.' },
  not_started: { detail: 'This license has not started yet.', remedy: 'Wait until it starts.' },
  expired: { detail: 'This license has expired.', remedy: 'Renew the license.' },
  valid_in_grace: { detail: 'This license has expired and works for a few days more.', remedy: 'Renew the license before the grace ends.' },
  not_activated: { detail: 'This instance holds no seat of the license.', remedy: 'Activate the license on this instance.' },
  valid: { detail: 'This license is valid.', remedy: null },
};

export class ReasonObject {
  /** @example "expired" */
  code!: string;
  /** @example "This license has expired." */
  detail!: string;
  /** What helps. @example "Renew the license." */
  remedy!: string | null;
}

export class LicenseVerdictObject {
  /** @example "lic_06efg00000e0082000000000000" */
  id!: string;
  /** @example "seo_pro" */
  product_code!: string;
  /** @example true */
  valid!: boolean;
  /** @example "valid" */
  code!: string;
  /** What was decided, whatever time says. @example "valid" */
  status!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  starts_at!: string | null;
  /** null: never. @example "2027-11-23T12:00:00.000Z" */
  expires_at!: string | null;
  /** @example "2027-11-30T12:00:00.000Z" */
  grace_until!: string | null;
  /** @example { "updates": true } */
  entitlements!: JsonObject;
  seats!: SeatsObject;
}

class VerdictActivation {
  /** @example "act_06efg00000e0082000000000000" */
  id!: string;
  /** @example "https://example.com" */
  instance_id!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  activated_at!: string;
}

/** A client locks only on a well-formed body of this shape with `valid: false`; a time-out, 429 or 5xx decides nothing. */
export class VerdictObject {
  /** @example true */
  valid!: boolean;
  /** The first of the codes that applies, in the order not_found, product_mismatch, cancelled, suspended, not_started, expired, valid_in_grace (valid), not_activated, valid. @example "valid" */
  code!: string;
  /** @example "This license is valid." */
  detail!: string;
  /** Masked; null when there is no such key. @example "DEMO-…-A7K2Q" */
  license_key!: string | null;
  /** All that apply. Empty when nothing is to be said. */
  reasons!: ReasonObject[];
  licenses!: LicenseVerdictObject[];
  /** The seat that the instance holds; null when none was asked for or none is held. */
  activation!: VerdictActivation | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  checked_at!: string;
  /** Ask again after this time. @example "2026-11-24T12:00:00.000Z" */
  refresh_after!: string;
}

export function verdictObject({
  valid,
  code,
  reasons,
  hint,
  licenses,
  seat,
  checkedAt,
  refreshAfter,
}: Verification<HeldSeat>): VerdictObject {
  return {
    valid,
    code,
    detail: wording[code].detail,
    license_key: hint,
    reasons: reasons.map((reason) => ({ code: reason, ...wording[reason] })),
    licenses: licenses.map(({ license, valid, code }) => ({
      id: publicId('license', license.id),
      product_code: license.productCode,
      valid,
      code,
      status: license.status,
      starts_at: license.startsAt?.toISOString() ?? null,
      expires_at: license.expiresAt?.toISOString() ?? null,
      grace_until: graceUntil(license)?.toISOString() ?? null,
      entitlements: license.entitlements,
      seats: seatsOf(license),
    })),
    activation: seat && {
      id: publicId('activation', seat.id),
      instance_id: seat.instanceId,
      activated_at: seat.activatedAt.toISOString(),
    },
    checked_at: checkedAt.toISOString(),
    refresh_after: refreshAfter.toISOString(),
  };
}

const example = (valid: boolean, code: 'valid' | 'expired') => ({
  valid,
  code,
  detail: wording[code].detail,
  license_key: 'DEMO-…-A7K2Q',
  reasons: valid ? [] : [{ code, ...wording[code] }],
  licenses: [
    {
      id: 'lic_01k847e66vfl4rqsf2tt00nc9j',
      product_code: 'seo_pro',
      valid,
      code,
      status: 'valid',
      starts_at: null,
      expires_at: valid ? '2027-11-23T12:00:00.000Z' : '2026-11-01T12:00:00.000Z',
      grace_until: null,
      entitlements: { updates: true },
      seats: { limit: 3, used: 1, remaining: 2 },
    },
  ],
  activation: { id: 'act_01k847fdf5eqfpb8un7u8k1m4e', instance_id: 'https://example.com', activated_at: '2026-11-23T12:00:00.000Z' },
  checked_at: '2026-11-23T12:00:00.000Z',
  refresh_after: valid ? '2026-11-24T12:00:00.000Z' : '2026-11-23T12:05:00.000Z',
});

/** For the docs: a verdict that lets run, and one that does not. */
export const verdictExamples = {
  valid: { summary: 'It may run', value: example(true, 'valid') },
  expired: { summary: 'It may not: the license has expired', value: example(false, 'expired') },
};
