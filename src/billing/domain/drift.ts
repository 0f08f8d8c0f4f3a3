/** Why the licenses of a purchase are not as what was paid says, where it is not safe to repair it. */
export const driftCauses = [
  /** The provider does not know the purchase any more. */
  'gone_at_provider',
  /** It was paid, but no plan is sold at its price. */
  'no_plan_for_price',
  /** It was paid, but nobody knows the customer's address. */
  'no_customer_email',
  /** It is paid and running, but a license was cancelled. */
  'license_cancelled',
  /** It is paid and running, but a license was suspended by hand. */
  'license_suspended',
  /** The seat limit was changed by hand. */
  'seats_differ',
  /** The plan's product is gone or archived, so there is no license. */
  'license_missing',
  /** Money was taken back, so the licenses were cancelled, but the subscription goes on. */
  'still_charged',
  /** The provider could not be asked. */
  'not_looked_up',
] as const;
export type DriftCause = (typeof driftCauses)[number];

export interface Drift {
  readonly cause: DriftCause;
  /** For people. */
  readonly detail: string;
}

/** A cause is told once of a purchase, with all that there is to say of it. */
export function oneOfEachCause(drifts: readonly Drift[]): Drift[] {
  const details = new Map<DriftCause, Set<string>>();
  for (const { cause, detail } of drifts) details.set(cause, (details.get(cause) ?? new Set()).add(detail));
  return [...details].map(([cause, all]) => ({ cause, detail: [...all].join(' ') }));
}
