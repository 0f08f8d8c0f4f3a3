import fc from 'fast-check';
import { monthsAfter, periodEnd } from './calendar';
import { Timeline } from './timeline';

const at = (date: string): number => Date.parse(date) / 1000;
const monthly = { interval: 'month', interval_count: 1 };

describe('the end of a period', () => {
  it.each([
    ['2027-01-31T10:00:00Z', 1, '2027-02-28T10:00:00Z'],
    ['2027-01-31T10:00:00Z', 2, '2027-03-31T10:00:00Z'],
    ['2028-01-30T10:00:00Z', 1, '2028-02-29T10:00:00Z'],
    ['2028-02-29T10:00:00Z', 12, '2029-02-28T10:00:00Z'],
    ['2026-11-15T23:59:59Z', 3, '2027-02-15T23:59:59Z'],
  ])('of %s, %i months on, is %s', (from, months, to) => {
    expect(monthsAfter(at(from), months)).toBe(at(to));
  });

  it('remembers the day on which it all began', () => {
    const anchor = at('2027-01-31T10:00:00Z');
    const february = periodEnd(anchor, anchor, monthly);
    expect(periodEnd(anchor, february, monthly)).toBe(at('2027-03-31T10:00:00Z'));
  });

  it.each([
    [{ interval: 'day', interval_count: 3 }, '2027-02-03T10:00:00Z'],
    [{ interval: 'week', interval_count: 2 }, '2027-02-14T10:00:00Z'],
    [{ interval: 'month', interval_count: 3 }, '2027-04-30T10:00:00Z'],
    [{ interval: 'year', interval_count: 1 }, '2028-01-31T10:00:00Z'],
  ])('keeps the rhythm %j', (recurring, to) => {
    const anchor = at('2027-01-31T10:00:00Z');
    expect(periodEnd(anchor, anchor, recurring)).toBe(at(to));
  });

  it('leaves no gap, and lasts a month more or less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_700_000_000, max: 2_000_000_000 }), fc.integer({ min: 1, max: 36 }), (anchor, months) => {
        let start = anchor;
        for (let n = 0; n < months; n++) {
          const end = periodEnd(anchor, start, monthly);
          expect(end).toBe(monthsAfter(anchor, n + 1));
          expect((end - start) / 86_400).toBeGreaterThanOrEqual(28);
          expect((end - start) / 86_400).toBeLessThanOrEqual(31);
          start = end;
        }
      }),
    );
  });
});

describe('time', () => {
  it('stands still until it is moved, and never goes back', () => {
    const time = new Timeline(new Date('2027-01-01T00:00:00Z'));
    expect([time.now(), time.now(), time.tick(), time.moveTo(5)]).toEqual([0, 0, 1, 1].map((n) => at('2027-01-01T00:00:00Z') + n));
  });

  it('runs along with the real one, from wherever it was moved', () => {
    let real = 1_000_000;
    const time = new Timeline(null, () => real);
    time.moveTo(5000);
    real += 3000;
    expect(time.now()).toBe(5003);
    expect(time.tick()).toBe(5004);
    expect(time.now()).toBe(5004);
  });
});
