import { aLicense, acme, aProduct, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import { CancelledIsFinal, RenewalShortens, SeatLimitReached, TermNotPossible } from './errors';
import { graceUntil, License, type LicenseStatus, seatsOf } from './license';

const holder = { brandId: acme, id: '019ab000-0000-7000-8000-000000000001', customerEmail: 'jane@example.com' };
const grant = (terms = {}, product = {}) => License.grant(holder, aProduct(product).state, terms, noon);

describe('A license', () => {
  describe('when it is granted', () => {
    it('takes from the product what nobody asked otherwise', () => {
      const license = grant();
      const defaults = {
        seatLimit: 3,
        seatCeiling: 3,
        seatsUsed: 0,
        graceDays: 7,
        entitlements: { updates: true },
        expiresAt: inDays(365),
      };
      expect(license.state).toMatchObject({ ...defaults, ...{ productCode: 'pro', customerEmail: 'jane@example.com', status: 'valid' } });
      expect(happened(license)).toEqual(['license.provisioned']);
    });

    it('takes what was asked, null too', () => {
      const asked = { seatLimit: null, expiresAt: null, entitlements: {}, metadata: { order: '7' } };
      expect(grant(asked).state).toMatchObject({ ...asked, seatCeiling: null });
    });

    it('never ends when its product is for life', () => {
      expect(grant({}, { durationDays: null }).state.expiresAt).toBeNull();
    });

    it('counts its days from its start, if that is to come', () => {
      expect(grant({ startsAt: inDays(10) }).state.expiresAt).toEqual(inDays(375));
      expect(grant({ startsAt: inDays(-10) }).state.expiresAt).toEqual(inDays(365));
    });

    it('has to end after it starts', () => {
      expect(() => grant({ startsAt: inDays(10), expiresAt: inDays(10) })).toThrow(TermNotPossible);
    });

    it('has to end before the year 2100, however late it starts', () => {
      expect(() => grant({ startsAt: new Date('2099-12-01') })).toThrow(TermNotPossible);
    });
  });

  describe('when it is renewed', () => {
    it.each([
      ['from its end', inDays(5), inDays(35)],
      ['from now, if it has ended', inDays(-5), inDays(30)],
      ['from now, if it ends at this moment', noon, inDays(30)],
    ])('gains days counted %s', (_, expiresAt, renewed) => {
      const license = aLicense({ expiresAt });
      license.renew({ extendDays: 30 }, noon);
      expect(license.state).toMatchObject({ expiresAt: renewed, version: 2, updatedAt: noon });
      expect(happened(license)).toEqual(['license.renewed']);
    });

    it('ends when it was told to, or never', () => {
      const license = aLicense();
      license.renew({ expiresAt: inDays(400) }, noon);
      expect(license.state.expiresAt).toEqual(inDays(400));
      license.renew({ expiresAt: null }, noon);
      expect(license.state.expiresAt).toBeNull();
    });

    it.each([
      ['a day earlier', aLicense(), { expiresAt: inDays(364) }],
      ['an end, when there was none', aLicense({ expiresAt: null }), { expiresAt: inDays(9999) }],
      ['days, when there is no end', aLicense({ expiresAt: null }), { extendDays: 1 }],
    ])('is never shortened: %s', (_, license, renewal) => {
      const before = license.state;
      expect(() => license.renew(renewal, noon)).toThrow(RenewalShortens);
      expect([license.state, happened(license)]).toEqual([before, []]);
    });

    it.each([
      ['its present end', aLicense(), { expiresAt: inDays(365) }],
      ['never, which it does already', aLicense({ expiresAt: null }), { expiresAt: null }],
    ])('stays as it is when asked to end at %s', (_, license, renewal) => {
      license.renew(renewal, noon);
      expect([license.state.version, happened(license)]).toEqual([1, []]);
    });

    it('ends before the year 2100', () => {
      expect(() => aLicense().renew({ extendDays: 36_500 }, noon)).toThrow(TermNotPossible);
    });
  });

  describe('when somebody decides about it', () => {
    it.each<[LicenseStatus, LicenseStatus, string]>([
      ['valid', 'suspended', 'license.suspended'],
      ['suspended', 'valid', 'license.resumed'],
      ['valid', 'cancelled', 'license.cancelled'],
      ['suspended', 'cancelled', 'license.cancelled'],
    ])('goes from %s to %s', (status, wanted, event) => {
      const license = aLicense({ status });
      license.becomes(wanted, 'chargeback', noon);
      expect(license.state).toMatchObject({ status: wanted, version: 2 });
      expect(license.releaseEvents()).toMatchObject([{ type: event, data: { status: wanted, reason: 'chargeback' } }]);
    });

    it.each<LicenseStatus>(['valid', 'suspended', 'cancelled'])('stays as it is when told %s again', (status) => {
      const license = aLicense({ status });
      license.becomes(status, undefined, noon);
      expect([license.state.version, happened(license)]).toEqual([1, []]);
    });

    it('stays cancelled for good', () => {
      const license = aLicense({ status: 'cancelled' });
      expect(() => license.becomes('valid', undefined, noon)).toThrow(CancelledIsFinal);
      expect(() => license.becomes('suspended', undefined, noon)).toThrow(CancelledIsFinal);
      expect(() => license.renew({ extendDays: 1 }, noon)).toThrow(CancelledIsFinal);
      expect(() => license.update({ seatLimit: 9 }, noon)).toThrow(CancelledIsFinal);
      expect(happened(license)).toEqual([]);
    });
  });

  describe('when it is changed', () => {
    it('merges its notes and replaces its entitlements', () => {
      const license = aLicense({ metadata: { order: '1', shop: 'a' }, entitlements: { updates: true } });
      license.update({ metadata: { order: '2', shop: null }, entitlements: { sites: 5 } }, noon);
      expect(license.state).toMatchObject({ metadata: { order: '2' }, entitlements: { sites: 5 }, seatLimit: 3, version: 2 });
      expect(happened(license)).toEqual(['license.updated']);
    });

    it('stays as it is when told what it is already', () => {
      const license = aLicense({ metadata: { order: '1' }, entitlements: { a: { b: 1, c: [2] } } });
      license.update({}, noon);
      license.update({ seatLimit: 3, metadata: { order: '1', none: null }, entitlements: { a: { c: [2], b: 1 } } }, noon);
      expect([license.state.version, happened(license)]).toEqual([1, []]);
    });

    it('ends no seat by a lower limit, and refuses new ones until enough are free', () => {
      const license = aLicense({ seatsUsed: 3 });
      license.update({ seatLimit: 1 }, noon);
      expect(license.state).toMatchObject({ seatLimit: 1, seatsUsed: 3, seatCeiling: 3 });
      expect(seatsOf(license.state)).toEqual({ limit: 1, used: 3, remaining: 0 });

      for (const ceiling of [2, 1, 1]) {
        expect(() => license.takeSeat(noon)).toThrow(SeatLimitReached);
        license.freeSeat(noon);
        expect(license.state.seatCeiling).toBe(ceiling);
      }
      license.takeSeat(noon);
      expect(license.state.seatsUsed).toBe(1);
    });
  });

  describe('when seats are taken', () => {
    it('is refused when every seat is taken, with the numbers', () => {
      const license = aLicense({ seatLimit: 2, seatCeiling: 2 });
      license.takeSeat(noon);
      license.takeSeat(noon);
      expect(() => license.takeSeat(noon)).toThrow(new SeatLimitReached(2, 2));
      expect(seatsOf(license.state)).toEqual({ limit: 2, used: 2, remaining: 0 });
    });

    it('never runs out of seats without a limit', () => {
      const license = aLicense({ seatLimit: null, seatCeiling: null, seatsUsed: 1_000_000 });
      license.takeSeat(noon);
      expect(seatsOf(license.state)).toEqual({ limit: null, used: 1_000_001, remaining: null });
    });
  });

  it('has grace only after an end', () => {
    expect(graceUntil(aLicense().state)).toEqual(inDays(372));
    expect(graceUntil(aLicense({ expiresAt: null }).state)).toBeNull();
    expect(graceUntil(aLicense({ graceDays: 0 }).state)).toBeNull();
  });

  it('tells no e-mail address in its events', () => {
    const license = grant();
    license.renew({ extendDays: 1 }, noon);
    license.update({ metadata: { mail: 'jane@example.com' } }, noon);
    license.becomes('suspended', undefined, noon);
    expect(JSON.stringify(license.releaseEvents())).not.toContain('@');
  });
});
