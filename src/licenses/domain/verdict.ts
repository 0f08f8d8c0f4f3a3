import { LicenseHasExpired, LicenseIsCancelled, LicenseIsSuspended, LicenseNotStarted } from './errors';
import { graceUntil, type LicenseState } from './license';

export type Judged = Pick<LicenseState, 'status' | 'startsAt' | 'expiresAt' | 'graceDays'>;

interface Ask {
  readonly at: Date;
  /** Whether the instance that asks holds a seat; null when none was named. */
  readonly seated: boolean | null;
}

const past = (time: Date | null, at: Date): boolean => time !== null && time <= at;
const endOf = (license: Judged): Date | null => graceUntil(license) ?? license.expiresAt;

/** In the order in which they are tried. The first that applies is the verdict; all that apply are its reasons. */
const ladder = [
  ['cancelled', ({ status }) => status === 'cancelled'],
  ['suspended', ({ status }) => status === 'suspended'],
  ['not_started', ({ startsAt }, { at }) => startsAt !== null && startsAt > at],
  ['expired', (license, { at }) => past(endOf(license), at)],
  ['valid_in_grace', (license, { at }) => past(license.expiresAt, at) && !past(endOf(license), at)],
  ['not_activated', (_, { seated }) => seated === false],
] as const satisfies readonly (readonly [string, (license: Judged, ask: Ask) => boolean])[];

export type LicenseVerdict = (typeof ladder)[number][0] | 'valid';
export type VerdictCode = 'not_found' | 'product_mismatch' | LicenseVerdict;

/** The order of all codes, for a verdict over several licenses. */
export const verdictOrder: readonly VerdictCode[] = ['not_found', 'product_mismatch', ...ladder.map(([code]) => code), 'valid'];

export const allows = (code: VerdictCode): boolean => code === 'valid' || code === 'valid_in_grace';

export interface Judgement {
  readonly valid: boolean;
  readonly code: LicenseVerdict;
  readonly reasons: readonly LicenseVerdict[];
}

/** Grace is a reason that does not refuse: with another reason beside it, the other one is the verdict. */
export function judge(license: Judged, ask: Ask): Judgement {
  const reasons = ladder.filter(([, applies]) => applies(license, ask)).map(([code]) => code);
  const code = reasons.find((reason) => !allows(reason)) ?? reasons[0] ?? 'valid';
  return { valid: allows(code), code, reasons };
}

/** @throws the refusal that an activation is answered with */
export function ensureUsable(license: Judged, at: Date): void {
  const { code } = judge(license, { at, seated: null });
  if (code === 'cancelled') throw new LicenseIsCancelled();
  if (code === 'suspended') throw new LicenseIsSuspended();
  if (code === 'not_started') throw new LicenseNotStarted(license.startsAt!);
  if (code === 'expired') throw new LicenseHasExpired(license.expiresAt!);
}

/** When time alone will next change the verdict; null when it never will. */
export function nextTurn(license: Judged, at: Date): Date | null {
  const turns = [license.startsAt, license.expiresAt, graceUntil(license)].filter((turn): turn is Date => turn !== null && turn > at);
  return turns.sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
}
