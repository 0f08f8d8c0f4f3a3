import { secondsAfter } from '../../../libs/kernel/clock';

const [minute, hour] = [60, 3_600];

/** How many seconds each attempt waits after the one before. After the last the delivery is a dead letter. */
export const delays: readonly number[] = [0, 5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];

/** How far a delay is moved either way, so that what failed together does not come back together. */
const spread = 0.2;

/** A receiver may ask for more patience than the schedule has, but not for ever. */
const longestWish = 24 * hour;

/**
 * When to try again after so many attempts; null: never.
 * @param chance of 0 to 1, where in the spread @param wish the seconds that the receiver asked for
 */
export function nextAttempt(made: number, at: Date, chance: number, wish: number | null): Date | null {
  const delay = delays[made];
  if (delay === undefined) return null;
  const moved = delay * (1 - spread + 2 * spread * chance);
  return secondsAfter(at, Math.max(moved, Math.min(wish ?? 0, longestWish)));
}

/** `Retry-After` (RFC 9110) in seconds from then: it is a number of them, or a date. Null when it is neither. */
export function wishOf(retryAfter: string | null, at: Date): number | null {
  if (retryAfter === null) return null;
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter);
  const date = /^[A-Z][a-z]{2}, /.test(retryAfter) ? Date.parse(retryAfter) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, (date - at.getTime()) / 1000);
}
