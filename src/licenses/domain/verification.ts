import type { LicenseState } from './license';
import { allows, judge, type Judged, type LicenseVerdict, nextTurn, type VerdictCode, verdictOrder } from './verdict';

/** A seat that an instance holds: the shape needed of it. */
interface Held {
  readonly licenseId: string;
}

/** The answer to "may this instance run?": about every license that was asked for, and about all of them together. */
export interface Verification<Seat extends Held = Held> {
  readonly valid: boolean;
  readonly code: VerdictCode;
  readonly reasons: readonly VerdictCode[];
  readonly hint: string | null;
  readonly licenses: readonly { readonly license: LicenseOnRecord; readonly valid: boolean; readonly code: LicenseVerdict }[];
  readonly seat: Seat | null;
  readonly checkedAt: Date;
  /** When a client should ask again: after a day, or after five minutes when refused; sooner when time alone will change the verdict. */
  readonly refreshAfter: Date;
}

/** What a verdict says of a license: the shape needed of it. */
export type LicenseOnRecord = Judged & Pick<LicenseState, 'id' | 'productCode' | 'seatLimit' | 'seatsUsed' | 'entitlements'>;

export interface Evidence {
  readonly hint: string;
  /** Of several for one product, the one that counts comes first. */
  readonly licenses: readonly LicenseOnRecord[];
}

export interface Question {
  readonly productCode?: string | undefined;
  readonly instanceId?: string | undefined;
}

const day = 86_400_000;
/** Whoever was refused may have paid or activated meanwhile. */
const fiveMinutes = 300_000;

/** @param seats the seats that the instance holds, of any license of the key */
export function verify<Seat extends Held>(
  evidence: Evidence | null,
  question: Question,
  seats: readonly Seat[],
  at: Date,
): Verification<Seat> {
  if (!evidence) return refused('not_found', null, at);
  const asked =
    question.productCode === undefined
      ? evidence.licenses
      : evidence.licenses.filter(({ productCode }) => productCode === question.productCode).slice(0, 1);
  if (asked.length === 0) return refused('product_mismatch', evidence.hint, at);

  const judged = asked.map((license) => {
    const seat = seats.find(({ licenseId }) => licenseId === license.id) ?? null;
    const judgement = judge(license, { at, seated: question.instanceId === undefined ? null : seat !== null });
    return { license, seat, ...judgement };
  });
  const deciding = judged.some(({ valid }) => valid) ? judged.filter(({ valid }) => valid) : judged;
  const code = overall(deciding.map((one) => one.code));
  return {
    valid: allows(code),
    code,
    reasons: code === 'valid' ? [] : inOrder(deciding.flatMap(({ reasons }) => reasons)),
    hint: evidence.hint,
    licenses: judged.map(({ license, valid, code }) => ({ license, valid, code })),
    seat: [...deciding, ...judged].find(({ seat }) => seat !== null)?.seat ?? null,
    checkedAt: at,
    refreshAfter: earliest([new Date(at.getTime() + (allows(code) ? day : fiveMinutes)), ...asked.map((license) => nextTurn(license, at))]),
  };
}

/** One valid license is enough; without any, the first code of the ladder that refuses. */
function overall(codes: readonly VerdictCode[]): VerdictCode {
  if (codes.includes('valid')) return 'valid';
  return inOrder(codes)[0]!;
}

const inOrder = (codes: readonly VerdictCode[]): VerdictCode[] => verdictOrder.filter((code) => codes.includes(code));

const earliest = (times: readonly (Date | null)[]): Date => new Date(Math.min(...times.flatMap((time) => (time ? [time.getTime()] : []))));

const refused = (code: VerdictCode, hint: string | null, at: Date): Verification<never> => ({
  valid: false,
  code,
  reasons: [code],
  hint,
  licenses: [],
  seat: null,
  checkedAt: at,
  refreshAfter: new Date(at.getTime() + fiveMinutes),
});
