import { endOfTerm } from './term';

describe('The end of a term', () => {
  it.each([
    ['month', '2027-03-15T10:30:00.000Z', '2027-04-15T10:30:00.000Z'],
    ['month', '2027-01-31T10:30:00.000Z', '2027-02-28T10:30:00.000Z'],
    ['month', '2028-01-31T10:30:00.000Z', '2028-02-29T10:30:00.000Z'],
    ['month', '2027-12-31T23:59:59.999Z', '2028-01-31T23:59:59.999Z'],
    ['year', '2027-03-15T10:30:00.000Z', '2028-03-15T10:30:00.000Z'],
    ['year', '2028-02-29T10:30:00.000Z', '2029-02-28T10:30:00.000Z'],
  ] as const)('of a %s from %s is %s', (interval, start, end) => {
    expect(endOfTerm(interval, new Date(start))!.toISOString()).toBe(end);
  });

  it('of a lifetime does not come', () => {
    expect(endOfTerm('lifetime', new Date('2027-03-15T10:30:00.000Z'))).toBeNull();
  });
});
