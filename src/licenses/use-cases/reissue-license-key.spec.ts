import { newId } from '../../../libs/kernel/id';
import { acme, inDays } from '../../../test/fixtures/aggregates';
import { inHand, janeHasLicense, memoryHouse, mint } from '../../../test/fixtures/houses';
import { LicenseKeyNotFound } from '../domain/errors';
import { ReissueLicenseKey, ReissueLicenseKeyHandler } from './reissue-license-key';

describe('Reissuing a license key', () => {
  let house: ReturnType<typeof memoryHouse>;
  let jane: Awaited<ReturnType<typeof janeHasLicense>>;
  beforeEach(async () => {
    house = memoryHouse();
    jane = await janeHasLicense(house);
  });

  const reissue = (overlapSeconds: number, id = jane.licenseKey.id) =>
    new ReissueLicenseKeyHandler(house.work, house.directory, house.keys, mint, house.clock).execute(
      new ReissueLicenseKey(acme, id, overlapSeconds),
    );
  const opens = async (text: string) => (await house.records.about(inHand(text), undefined)).evidence?.licenses.map(({ id }) => id) ?? null;

  it('gives a key that opens the same licenses, with the hint of the new one', async () => {
    const { key, licenseKey } = await reissue(0);
    expect(await opens(key)).toEqual([jane.license.id]);
    expect(licenseKey.hint).toBe(key.replace(/-.*-/, '-…-'));
  });

  it('ends the old key at once, or after the overlap', async () => {
    const { key } = await reissue(86_400);
    expect([await opens(jane.text), await opens(key)]).toEqual([[jane.license.id], [jane.license.id]]);
    house.clock.at = inDays(1);
    expect([await opens(jane.text), await opens(key)]).toEqual([null, [jane.license.id]]);
    await reissue(0);
    expect(await opens(key)).toBeNull();
  });

  it('forgets the key before the last', async () => {
    const { key: second } = await reissue(86_400);
    const { key: third } = await reissue(86_400);
    expect([await opens(jane.text), await opens(second), await opens(third)]).toEqual([null, [jane.license.id], [jane.license.id]]);
  });

  it('finds no key that is not there', async () => {
    await expect(reissue(0, newId())).rejects.toThrow(LicenseKeyNotFound);
  });
});
