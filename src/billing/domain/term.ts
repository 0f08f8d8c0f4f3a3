import type { PlanInterval } from './plan';

/** The end of one term of a plan: the same day of a later month, or its last day where it has no such day. null: it never ends. */
export function endOfTerm(interval: PlanInterval, start: Date): Date | null {
  if (interval === 'lifetime') return null;
  const month = start.getUTCMonth() + (interval === 'year' ? 12 : 1);
  const lastDay = new Date(Date.UTC(start.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const end = new Date(start);
  end.setUTCMonth(month, Math.min(start.getUTCDate(), lastDay));
  return end;
}
