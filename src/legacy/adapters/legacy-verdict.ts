import type { HeldSeat } from '../../activations';
import type { Verification, VerdictCode } from '../../licenses';

/** What an older client reads of a verdict. */
export interface LegacyVerdict {
  readonly valid: boolean;
  readonly status: LegacyStatus;
  readonly message: string;
  readonly expires_at: string | null;
  readonly product: string | null;
  readonly seats: { readonly limit: number | null; readonly used: number } | null;
  /** The key, of which the ends are shown. */
  readonly license: string | null;
}

type LegacyStatus = VerdictCode | 'seat_limit_reached';
type Found = Verification<HeldSeat>;

const messages: Readonly<Record<LegacyStatus, string>> = {
  valid: 'The license is valid.',
  valid_in_grace: 'The license has ended and works for a few days more. Please renew it.',
  not_found: 'There is no such license key.',
  product_mismatch: 'This license key is for another product.',
  cancelled: 'The license was cancelled.',
  suspended: 'The license is suspended.',
  not_started: 'The license has not started yet.',
  expired: 'The license has expired.',
  not_activated: 'The license is in use on another machine.',
  seat_limit_reached: 'All seats of the license are taken.',
};

/** The license that is meant where no product was named: the one that the machine may use, else one that it could use, else the first. */
export const meantOf = ({ licenses }: Found) =>
  licenses.find(({ valid }) => valid) ?? licenses.find(({ code }) => code === 'not_activated') ?? licenses[0];

export function legacyVerdict(found: Found, isFull = false): LegacyVerdict {
  const meant = meantOf(found);
  const code = meant?.code ?? found.code;
  const status = isFull && code === 'not_activated' ? 'seat_limit_reached' : code;
  return {
    valid: found.valid,
    status,
    message: messages[status],
    expires_at: meant?.license.expiresAt?.toISOString() ?? null,
    product: meant?.license.productCode ?? null,
    seats: meant ? { limit: meant.license.seatLimit, used: meant.license.seatsUsed } : null,
    license: found.hint,
  };
}
