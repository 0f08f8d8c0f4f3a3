import type { Seconds } from './timeline';

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/** So many months after the anchor, on its day of the month or the last one there is. */
export function monthsAfter(anchor: Seconds, months: number): Seconds {
  const from = new Date(anchor * 1000);
  const year = from.getUTCFullYear();
  const month = from.getUTCMonth() + months;
  const last = daysIn(year, month);
  const to = Date.UTC(year, month, Math.min(from.getUTCDate(), last), from.getUTCHours(), from.getUTCMinutes(), from.getUTCSeconds());
  return to / 1000;
}

const monthsOf = { month: 1, year: 12 };

/** The end of the period that begins there: the first date of the anchor's rhythm after it. */
export function periodEnd(anchor: Seconds, start: Seconds, interval: { interval: string; interval_count: number }): Seconds {
  const days = { day: 1, week: 7 }[interval.interval];
  if (days !== undefined) return start + days * interval.interval_count * 86_400;

  const step = (monthsOf[interval.interval as 'month' | 'year'] ?? 1) * interval.interval_count;
  for (let n = 1; ; n++) {
    const end = monthsAfter(anchor, n * step);
    if (end > start) return end;
  }
}
