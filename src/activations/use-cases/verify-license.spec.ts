import { inDays } from '../../../test/fixtures/aggregates';
import { inHand, janeHasLicense, memoryHouse, mint } from '../../../test/fixtures/houses';
import { ActivateLicense, ActivateLicenseHandler } from './activate-license';
import { VerifyLicense, VerifyLicenseHandler } from './verify-license';

describe('Verifying a license', () => {
  let house: ReturnType<typeof memoryHouse>;
  let jane: Awaited<ReturnType<typeof janeHasLicense>>;
  beforeEach(async () => {
    house = memoryHouse();
    jane = await janeHasLicense(house);
    await new ActivateLicenseHandler(house.seats).execute(new ActivateLicense(jane.key, 'pro', { id: 'a' }));
  });

  const verify = (question: { productCode?: string; instanceId?: string } = {}, key = jane.key) =>
    new VerifyLicenseHandler(house.records).execute(new VerifyLicense(key, question));

  it('tells the instance its seat', async () => {
    expect(await verify({ productCode: 'pro', instanceId: 'a' })).toMatchObject({ valid: true, seat: { instanceId: 'a' } });
  });

  it('takes no seat', async () => {
    expect(await verify({ instanceId: 'b' })).toMatchObject({ valid: false, code: 'not_activated', seat: null });
    expect(await verify({ instanceId: 'b' })).toMatchObject({ licenses: [{ license: { seatsUsed: 1 } }] });
  });

  it('judges at the time of the question', async () => {
    house.clock.at = inDays(366);
    expect(await verify()).toMatchObject({ valid: true, code: 'valid_in_grace', checkedAt: inDays(366), refreshAfter: inDays(367) });
    house.clock.at = inDays(372);
    expect(await verify()).toMatchObject({ valid: false, code: 'expired' });
  });

  it('decides about keys that are not there, too', async () => {
    expect(await verify({}, inHand(mint.mint('ACME').text))).toMatchObject({ valid: false, code: 'not_found', hint: null });
    expect(await verify({ productCode: 'lite' })).toMatchObject({ code: 'product_mismatch', hint: jane.licenseKey.hint });
  });
});
