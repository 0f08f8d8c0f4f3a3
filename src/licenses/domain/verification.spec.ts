import { aLicense, inDays, noon } from '../../../test/fixtures/aggregates';
import type { License } from './license';
import { verify } from './verification';

const ask = (licenses: License[], question = {}, seats: { licenseId: string }[] = []) =>
  verify({ hint: 'ACME-…-7K2QF', licenses: licenses.map(({ state }) => state) }, question, seats, noon);
const seatOf = ({ state }: License) => ({ licenseId: state.id });

describe('A verification', () => {
  it('does not know a key that is not there', () => {
    expect(verify(null, {}, [], noon)).toMatchObject({ valid: false, code: 'not_found', reasons: ['not_found'], hint: null, licenses: [] });
  });

  it('knows a key that unlocks other products', () => {
    expect(ask([aLicense()], { productCode: 'lite' })).toMatchObject({ valid: false, code: 'product_mismatch', hint: 'ACME-…-7K2QF' });
    expect(ask([])).toMatchObject({ valid: false, code: 'product_mismatch' });
  });

  it('is valid when one license of the key is, and tells of each', () => {
    const { valid, code, reasons, licenses } = ask([aLicense({ status: 'suspended' }), aLicense({ productCode: 'lite' })]);
    expect({ valid, code, reasons }).toEqual({ valid: true, code: 'valid', reasons: [] });
    expect(licenses.map((one) => one.code)).toEqual(['suspended', 'valid']);
  });

  it('prefers valid to valid in grace, and grace to nothing', () => {
    const [inGrace, ended] = [aLicense({ expiresAt: inDays(-1) }), aLicense({ expiresAt: inDays(-9) })];
    expect(ask([ended, inGrace, aLicense()]).code).toBe('valid');
    expect(ask([ended, inGrace])).toMatchObject({ valid: true, code: 'valid_in_grace', reasons: ['valid_in_grace'] });
  });

  it('is refused for the first code of the ladder, with the reasons of all licenses', () => {
    const refused = ask([aLicense({ expiresAt: inDays(-9) }), aLicense({ status: 'suspended' })]);
    expect(refused).toMatchObject({ valid: false, code: 'suspended', reasons: ['suspended', 'expired'] });
  });

  it('asks about one product only, and about the license that counts for it', () => {
    const [present, past] = [aLicense(), aLicense({ status: 'cancelled' })];
    const { licenses, code } = ask([present, past, aLicense({ productCode: 'lite' })], { productCode: 'pro' });
    expect(licenses.map(({ license }) => license.id)).toEqual([present.state.id]);
    expect(code).toBe('valid');
  });

  it('is not valid on an instance without a seat, and tells the seat of one that has it', () => {
    const license = aLicense();
    expect(ask([license], { instanceId: 'here' })).toMatchObject({ valid: false, code: 'not_activated', seat: null });
    expect(ask([license], { instanceId: 'here' }, [seatOf(license)])).toMatchObject({ valid: true, code: 'valid', seat: seatOf(license) });
  });

  it('tells the seat of a license that allows, rather than of one that refuses', () => {
    const [suspended, usable] = [aLicense({ status: 'suspended' }), aLicense()];
    const { seat, code } = ask([suspended, usable], { instanceId: 'here' }, [seatOf(suspended), seatOf(usable)]);
    expect({ seat, code }).toEqual({ seat: seatOf(usable), code: 'valid' });
  });

  it('is to be asked again after a day, five minutes when refused, or when time alone changes it', () => {
    expect(ask([aLicense()]).refreshAfter).toEqual(inDays(1));
    expect(ask([aLicense(), aLicense({ expiresAt: inDays(0.5) })]).refreshAfter).toEqual(inDays(0.5));
    expect(verify(null, {}, [], noon).refreshAfter).toEqual(inDays(5 / 1440));
    expect(ask([aLicense({ status: 'suspended' })]).refreshAfter).toEqual(inDays(5 / 1440));
  });
});
