import { newBrandId } from '../../../libs/kernel/brand-id';
import { newId } from '../../../libs/kernel/id';
import { acme } from '../../../test/fixtures/aggregates';
import { deskOf, janeHasLicense, memoryHouse } from '../../../test/fixtures/houses';
import { ActivationNotFound } from '../domain/errors';
import { ActivateLicense, ActivateLicenseHandler } from './activate-license';
import { FreeSeat, FreeSeatHandler } from './free-seat';

describe('Freeing a seat', () => {
  let house: ReturnType<typeof memoryHouse>;
  let jane: Awaited<ReturnType<typeof janeHasLicense>>;
  let seat: string;
  beforeEach(async () => {
    house = memoryHouse();
    jane = await janeHasLicense(house);
    const { activation } = await new ActivateLicenseHandler(house.seats).execute(new ActivateLicense(jane.key, 'pro', { id: 'a' }));
    seat = activation.id;
  });

  const free = (id: string, brandId = acme) =>
    new FreeSeatHandler(house.work, deskOf(house), house.activations, house.clock).execute(new FreeSeat(brandId, id));
  const used = async () => (await house.licenses.find(acme, jane.license.id))!.seatsUsed;

  it('takes the seat back, once', async () => {
    const freed = await free(seat);
    expect(freed.deactivatedAt).toEqual(house.clock.at);
    expect(await free(seat)).toEqual(freed);
    expect(await used()).toBe(0);
  });

  it('finds no activation that is not there, nor one of another brand', async () => {
    await expect(free(newId())).rejects.toThrow(ActivationNotFound);
    await expect(free(seat, newBrandId())).rejects.toThrow(ActivationNotFound);
    expect(await used()).toBe(1);
  });
});
