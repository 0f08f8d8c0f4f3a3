import fc from 'fast-check';
import { noon } from '../../../test/fixtures/aggregates';
import { secondsAfter } from '../../../libs/kernel/clock';
import { delays, nextAttempt, wishOf } from './schedule';

const chance = fc.double({ min: 0, max: 1, noNaN: true });
const made = fc.integer({ min: 1, max: delays.length - 1 });
const waits = (...args: Parameters<typeof nextAttempt>) => (nextAttempt(...args)!.getTime() - args[1].getTime()) / 1000;
const day = 86_400;

describe('The schedule of a delivery', () => {
  it('is the one that was promised', () => {
    expect(delays).toEqual([0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  });

  it('keeps every wait within a fifth of its delay', () => {
    fc.assert(
      fc.property(made, chance, (after, at) => {
        const wait = waits(after, noon, at, null);
        expect(wait).toBeGreaterThanOrEqual(delays[after]! * 0.8 - 0.001);
        expect(wait).toBeLessThanOrEqual(delays[after]! * 1.2 + 0.001);
      }),
    );
  });

  it('uses the whole of that', () => {
    expect([0, 0.5, 1].map((at) => waits(1, noon, at, null))).toEqual([4, 5, 6]);
  });

  it('waits as long as the receiver asks for, when that is longer, but never longer than a day for it', () => {
    fc.assert(
      fc.property(made, chance, fc.integer({ min: 0, max: 10 * day }), (after, at, wish) => {
        const own = waits(after, noon, at, null);
        expect(waits(after, noon, at, wish)).toBe(Math.max(own, Math.min(wish, day)));
      }),
    );
  });

  it('ends with the tenth attempt, whatever the receiver asks for', () => {
    expect([10, 11, 100].map((after) => nextAttempt(after, noon, 0.5, 60))).toEqual([null, null, null]);
  });

  it.each([
    ['120', 120],
    ['0', 0],
    ['Mon, 01 Jun 2026 12:02:00 GMT', 120],
    ['Mon, 01 Jun 2026 11:00:00 GMT', 0],
    ['99999999999', 99_999_999_999],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['2026', 2026],
    ['', null],
    [null, null],
  ])('reads Retry-After: %s', (text, seconds) => {
    expect(wishOf(text, noon)).toBe(seconds);
  });

  it('reads every date that a server may write', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 * day }), (seconds) => {
        expect(wishOf(secondsAfter(noon, seconds).toUTCString(), noon)).toBe(seconds);
      }),
    );
  });
});
