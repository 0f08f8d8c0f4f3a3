import { acme, inDays } from '../../../test/fixtures/aggregates';
import { inHand, janeHasLicense, memoryHouse, mint } from '../../../test/fixtures/houses';
import { LicenseHasExpired, LicenseIsSuspended, LicenseNotFound, ProductMismatch, SeatLimitReached } from '../../licenses';
import { ActivateLicense, ActivateLicenseHandler } from './activate-license';
import { DeactivateInstance, DeactivateInstanceHandler } from './deactivate-instance';

describe('Activating a license', () => {
  let house: ReturnType<typeof memoryHouse>;
  let jane: Awaited<ReturnType<typeof janeHasLicense>>;
  beforeEach(async () => {
    house = memoryHouse();
    jane = await janeHasLicense(house, { seatLimit: 2 });
  });

  const activate = (id: string, { key = jane.key, product = 'pro', name = undefined as string | undefined } = {}) =>
    new ActivateLicenseHandler(house.seats).execute(new ActivateLicense(key, product, { id, name }));
  const deactivate = (id: string) => new DeactivateInstanceHandler(house.seats).execute(new DeactivateInstance(jane.key, 'pro', id));
  const used = async () => (await house.licenses.find(acme, jane.license.id))!.seatsUsed;

  it('takes a seat', async () => {
    const { tookSeat, activation, license } = await activate('a');
    expect({ tookSeat, used: license.seatsUsed, instance: activation.instanceId }).toEqual({ tookSeat: true, used: 1, instance: 'a' });
    expect(await used()).toBe(1);
  });

  it('takes no second seat for an instance that has one, and remembers what it tells anew', async () => {
    const first = await activate('a', { name: 'old' });
    const again = await activate('a', { name: 'new' });
    expect(again).toMatchObject({
      tookSeat: false,
      activation: { id: first.activation.id, instanceName: 'new' },
      license: { seatsUsed: 1 },
    });
  });

  it('is refused when every seat is taken, except to those who hold one', async () => {
    await activate('a');
    await activate('b');
    await expect(activate('c')).rejects.toThrow(SeatLimitReached);
    expect(await activate('a')).toMatchObject({ tookSeat: false });
    expect(await used()).toBe(2);
  });

  it('gives an instance that left its activation back, for a seat like any other', async () => {
    const first = await activate('a');
    await deactivate('a');
    expect(await activate('a')).toMatchObject({ tookSeat: true, activation: { id: first.activation.id, deactivatedAt: null } });

    await deactivate('a');
    await activate('b');
    await activate('c');
    await expect(activate('a')).rejects.toThrow(SeatLimitReached);
  });

  it('works in grace, and not after it, not even for a seat that is held', async () => {
    await activate('a');
    house.clock.at = inDays(366);
    expect(await activate('b')).toMatchObject({ tookSeat: true });
    house.clock.at = inDays(373);
    await expect(activate('a')).rejects.toThrow(LicenseHasExpired);
  });

  it('is refused while the license is suspended', async () => {
    const license = (await house.licenses.hold(acme, jane.license.id))!;
    license.becomes('suspended', undefined, house.clock.now());
    await house.licenses.save(license);
    await expect(activate('a')).rejects.toThrow(LicenseIsSuspended);
  });

  it('tells a key that does not exist from a product that the key does not unlock', async () => {
    await expect(activate('a', { key: inHand(mint.mint('ACME').text) })).rejects.toThrow(LicenseNotFound);
    await expect(activate('a', { product: 'lite' })).rejects.toThrow(ProductMismatch);
  });
});
