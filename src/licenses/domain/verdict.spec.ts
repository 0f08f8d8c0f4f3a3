import { aLicense, inDays, noon } from '../../../test/fixtures/aggregates';
import { LicenseHasExpired, LicenseIsCancelled, LicenseIsSuspended, LicenseNotStarted } from './errors';
import { allows, ensureUsable, judge, type Judged, nextTurn, verdictOrder } from './verdict';

const of = (part: Partial<Judged>): Judged => aLicense(part).state;
const code = (part: Partial<Judged>, seated: boolean | null = null) => judge(of(part), { at: noon, seated }).code;

const cancelled = { status: 'cancelled' } as const;
const suspended = { status: 'suspended' } as const;
const early = { startsAt: inDays(1) };
const over = { expiresAt: inDays(-8) };
const inGrace = { expiresAt: inDays(-1) };

describe('A verdict', () => {
  it.each([
    ['cancelled', cancelled, null],
    ['suspended', suspended, null],
    ['not_started', early, null],
    ['expired', over, null],
    ['valid_in_grace', inGrace, null],
    ['not_activated', {}, false],
    ['valid', {}, true],
    ['valid', {}, null],
  ] as const)('is %s for %j', (expected, part, seated) => {
    expect(code(part, seated)).toBe(expected);
  });

  it('is the first reason of the ladder', () => {
    expect(code({ ...cancelled, ...early, ...over }, false)).toBe('cancelled');
    expect(code({ ...suspended, ...early, ...over }, false)).toBe('suspended');
    expect(code({ ...early, ...over }, false)).toBe('not_started');
    expect(code(over, false)).toBe('expired');
  });

  it('names every reason that applies, in order', () => {
    const { valid, reasons } = judge(of({ ...suspended, ...early, ...over }), { at: noon, seated: false });
    expect({ valid, reasons }).toEqual({ valid: false, reasons: ['suspended', 'not_started', 'expired', 'not_activated'] });
  });

  it('is decided by what stands beside the grace, which alone refuses nothing', () => {
    expect(judge(of(inGrace), { at: noon, seated: false })).toEqual({
      valid: false,
      code: 'not_activated',
      reasons: ['valid_in_grace', 'not_activated'],
    });
    expect(judge(of(inGrace), { at: noon, seated: true })).toEqual({ valid: true, code: 'valid_in_grace', reasons: ['valid_in_grace'] });
  });

  it('turns at the very moment: a start begins, an end ends, and grace ends', () => {
    expect(code({ startsAt: noon })).toBe('valid');
    expect(code({ expiresAt: noon })).toBe('valid_in_grace');
    expect(code({ expiresAt: noon, graceDays: 0 })).toBe('expired');
    expect(code({ expiresAt: inDays(-7) })).toBe('expired');
    expect(code({ expiresAt: null })).toBe('valid');
  });

  it('has one order for all its codes', () => {
    expect(verdictOrder).toEqual([
      'not_found',
      'product_mismatch',
      'cancelled',
      'suspended',
      'not_started',
      'expired',
      'valid_in_grace',
      'not_activated',
      'valid',
    ]);
    expect(verdictOrder.filter(allows)).toEqual(['valid_in_grace', 'valid']);
  });

  it.each([
    [cancelled, LicenseIsCancelled],
    [suspended, LicenseIsSuspended],
    [early, LicenseNotStarted],
    [over, LicenseHasExpired],
  ])('refuses to use %j', (part, refusal) => {
    expect(() => ensureUsable(of(part), noon)).toThrow(refusal);
  });

  it('lets use what is valid, in grace too', () => {
    expect(() => ensureUsable(of({}), noon)).not.toThrow();
    expect(() => ensureUsable(of(inGrace), noon)).not.toThrow();
  });

  it('will next turn when time alone changes it', () => {
    expect(nextTurn(of({ ...early, expiresAt: inDays(30) }), noon)).toEqual(inDays(1));
    expect(nextTurn(of({ expiresAt: inDays(30) }), noon)).toEqual(inDays(30));
    expect(nextTurn(of(inGrace), noon)).toEqual(inDays(6));
    expect(nextTurn(of(over), noon)).toBeNull();
    expect(nextTurn(of({ expiresAt: null }), noon)).toBeNull();
  });
});
