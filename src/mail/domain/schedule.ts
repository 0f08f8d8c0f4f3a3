import { secondsAfter } from '../../../libs/kernel/clock';

const [minute, hour] = [60, 3_600];

/** How many seconds each attempt waits after the one before; when they are used up, an hour each time, for three days. */
export const delays: readonly number[] = [5, 30, 2 * minute, 10 * minute, 30 * minute, ...Array.from({ length: 72 }, () => hour)];

/** When to try again after so many attempts; null: never. */
export function nextAttempt(made: number, at: Date): Date | null {
  const delay = delays[made - 1];
  return delay === undefined ? null : secondsAfter(at, delay);
}
