import fc from 'fast-check';
import { aLicense, inDays, noon } from '../../../test/fixtures/aggregates';
import { daysAfter } from '../../../libs/kernel/clock';
import { License } from './license';

const days = [7, 1];
/** What is told at that time, as the days before the end or the type. */
const tellAt = (license: License, at: Date, daysBefore: readonly number[] = days): (string | number)[] => {
  license.tellOfExpiry(daysBefore, at);
  return license.releaseEvents().map(({ type, data }) => ('days_before' in data ? (data.days_before as number) : type));
};

describe('Time, which ends licenses,', () => {
  it('tells what comes, when it has come, once, and knows when to look again', () => {
    const license = aLicense({ expiresAt: inDays(30) });
    const looks = [0, 22.9, 23, 23, 28.9, 29.5, 30, 36.9, 37, 99].map((day) => [
      day,
      tellAt(license, inDays(day)),
      license.state.nextNoticeAt,
    ]);
    expect(looks).toEqual([
      [0, [], inDays(23)],
      [22.9, [], inDays(23)],
      [23, [7], inDays(29)],
      [23, [], inDays(29)],
      [28.9, [], inDays(29)],
      [29.5, [1], inDays(30)],
      [30, ['license.expired'], inDays(37)],
      [36.9, [], inDays(37)],
      [37, ['license.grace_ended'], null],
      [99, [], null],
    ]);
  });

  it('tells late and in order what came while nobody looked', () => {
    expect(tellAt(aLicense({ expiresAt: inDays(30) }), inDays(99), [1, 7])).toEqual([7, 1, 'license.expired', 'license.grace_ended']);
  });

  it('tells nothing of an end or of grace that there is not, and nothing from before the term', () => {
    expect(tellAt(aLicense({ expiresAt: null }), inDays(9999))).toEqual([]);
    expect(tellAt(aLicense({ expiresAt: inDays(3), graceDays: 0 }), inDays(9999))).toEqual([1, 'license.expired']);
  });

  it('tells of a suspended license, and never of a cancelled one', () => {
    expect(tellAt(aLicense({ status: 'suspended', expiresAt: inDays(1) }), inDays(2))).toEqual(['license.expired']);
    const cancelled = aLicense({ status: 'cancelled', expiresAt: inDays(1) });
    expect([tellAt(cancelled, inDays(2)), cancelled.state.nextNoticeAt]).toEqual([[], null]);
    const license = aLicense({ expiresAt: inDays(10) });
    tellAt(license, noon);
    license.becomes('cancelled', undefined, inDays(1));
    expect(license.state.nextNoticeAt).toBeNull();
  });

  it.each([
    ['renewed', (license: License, at: Date) => license.renew({ extendDays: 10 }, at), 'license.renewed'],
    ['cancelled', (license: License, at: Date) => license.becomes('cancelled', undefined, at), 'license.cancelled'],
  ])('is told by whoever comes before it: a license that ended and is then %s, ended', (_, change, event) => {
    const told = (at: Date) => {
      const license = aLicense({ expiresAt: inDays(10) });
      tellAt(license, inDays(5));
      change(license, at);
      return license.releaseEvents().map(({ type }) => type);
    };
    expect(told(inDays(9.9))).toEqual([event]);
    expect(told(inDays(10))).toEqual(['license.expired', event]);
    expect(told(inDays(17))).toEqual(['license.expired', 'license.grace_ended', event]);
    const late = aLicense({ expiresAt: inDays(10) });
    late.renew({ extendDays: 10 }, inDays(10), days);
    expect(late.releaseEvents().map(({ type }) => type)).toEqual([
      ...days.map(() => 'license.expiring_soon'),
      'license.expired',
      'license.renewed',
    ]);
  });

  it('begins anew with a renewed term', () => {
    const license = aLicense({ expiresAt: inDays(10) });
    tellAt(license, inDays(20));
    license.renew({ extendDays: 10 }, inDays(21));
    license.releaseEvents();
    expect(license.state).toMatchObject({ expiresAt: inDays(31), nextNoticeAt: inDays(21) });
    expect(tellAt(license, inDays(40))).toEqual([7, 1, 'license.expired', 'license.grace_ended']);
  });

  it('changes no license: its version and its last change stay, and the event says when it was told', () => {
    const license = aLicense({ expiresAt: inDays(10) });
    expect(license.tellOfExpiry(days, inDays(4))).toEqual(['license.expiring_soon']);
    expect(license.state).toMatchObject({ version: 1, updatedAt: noon, noticedUntil: inDays(4) });
    expect(license.releaseEvents()).toMatchObject([
      { occurredAt: inDays(4), data: { version: 1, days_before: 7, expires_at: inDays(10).toISOString() } },
    ]);
  });

  it('never goes back: a look that began before the renewal tells nothing from before it', () => {
    const license = aLicense({ expiresAt: inDays(30), noticedUntil: inDays(25) });
    expect([tellAt(license, inDays(20)), license.state.noticedUntil, license.state.nextNoticeAt]).toEqual([[], inDays(25), inDays(29)]);
  });

  /** Hours go by, and something happens then. */
  const step = fc.record({
    hours: fc.integer({ min: 0, max: 24 * 20 }),
    then: fc.oneof(
      { weight: 6, arbitrary: fc.constant('look' as const) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }) },
      { weight: 1, arbitrary: fc.constantFrom('valid' as const, 'suspended' as const) },
    ),
  });

  it('tells each moment of each term once, and exactly once if anybody looked after it while the term stood, whatever happens', () => {
    let [told, late] = [0, 0];
    const history = fc.array(step, { minLength: 1, maxLength: 40, size: 'max' });
    const setting = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 4 });
    fc.assert(
      fc.property(
        history,
        setting,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 9 }),
        (steps, daysBefore, term, graceDays) => {
          const license = aLicense({ expiresAt: inDays(term), graceDays });
          let [now, began, heard] = [noon, noon, [] as (string | number)[]];
          const endOfTerm = () => ((began = now), (heard = []));
          for (const { hours, then } of steps) {
            now = daysAfter(now, hours / 24);
            const { expiresAt } = license.state;
            if (typeof then === 'number') {
              license.renew({ extendDays: then }, now);
              license.releaseEvents();
              endOfTerm();
            } else if (then === 'look') {
              const due = license.state.nextNoticeAt && license.state.nextNoticeAt <= now;
              const before = heard.length;
              // Whoever looks only at what is due misses nothing.
              if (due) heard.push(...tellAt(license, now, daysBefore));
              const moments: [Date, string | number][] = [
                ...[...daysBefore].sort((a, b) => b - a).map((d): [Date, number] => [daysAfter(expiresAt!, -d), d]),
                [expiresAt!, 'license.expired'],
                ...(graceDays > 0 ? [[daysAfter(expiresAt!, graceDays), 'license.grace_ended'] as [Date, string]] : []),
              ];
              expect(heard).toEqual(moments.filter(([at]) => at > began && at <= now).map(([, what]) => what));
              told += heard.length - before;
              if (heard.length - before > 1) late += 1;
            } else {
              license.becomes(then, undefined, now);
              license.releaseEvents();
            }
          }
        },
      ),
      { numRuns: 500 },
    );
    expect([told > 500, late > 50]).toEqual([true, true]);
  });
});
