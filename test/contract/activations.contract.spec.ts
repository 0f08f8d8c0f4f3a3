import { newId } from '../../libs/kernel/id';
import { Activations } from '../../src/activations/ports/activations';
import { aLicense, anActivation, inDays } from '../fixtures/aggregates';
import { aShop, aTenant, contractOf } from './contract';

contractOf(Activations, (house) => {
  let shop: Awaited<ReturnType<typeof aShop>>;
  let [pro, lite] = ['', ''];
  beforeEach(async () => {
    shop = await aShop(house());
    const licenses = [aLicense(shop), aLicense({ ...shop, status: 'cancelled' })];
    [pro, lite] = licenses.map(({ state }) => state.id) as [string, string];
    await run(async () => {
      for (const license of licenses) await house().licenses.save(license);
    });
  });
  const run = <T>(work: () => Promise<T>, reach = shop.brandId) => house().work.run(reach, work);
  const save = async (part: Parameters<typeof anActivation>[0] = {}) => {
    const activation = anActivation({ brandId: shop.brandId, licenseId: pro, ...part });
    await run(() => house().activations.save(activation));
    return activation.state;
  };

  it('gives back what was saved, by id and by instance', async () => {
    const state = await save({ instanceId: 'https://ä.example/"', instanceName: 'Shop', metadata: { wp: '6.9' } });
    expect((await run(() => house().activations.find(shop.brandId, state.id)))?.state).toEqual(state);
    expect((await run(() => house().activations.ofInstance(shop.brandId, pro, state.instanceId)))?.state).toEqual(state);
  });

  it('tells instances apart by case and by license', async () => {
    await save({ instanceId: 'A' });
    expect(await run(() => house().activations.ofInstance(shop.brandId, pro, 'a'))).toBeNull();
    expect(await run(() => house().activations.ofInstance(shop.brandId, lite, 'A'))).toBeNull();
  });

  it('finds the activation of an instance that has left, and keeps its return', async () => {
    const { id } = await save({ instanceId: 'a', deactivatedAt: inDays(1) });
    await run(async () => {
      const activation = (await house().activations.ofInstance(shop.brandId, pro, 'a'))!;
      expect(activation.holdsSeat).toBe(false);
      activation.restore(aLicense(shop).state, { id: 'a' }, inDays(2));
      await house().activations.save(activation);
    });
    expect((await run(() => house().activations.find(shop.brandId, id)))?.state).toMatchObject({
      activatedAt: inDays(2),
      deactivatedAt: null,
    });
  });

  it('knows nothing of another brand', async () => {
    const { id } = await save({ instanceId: 'a' });
    const other = await aTenant(house());
    expect(await run(() => house().activations.find(other, id), other)).toBeNull();
    expect(await run(() => house().activations.ofInstance(other, pro, 'a'), other)).toBeNull();
    expect(await run(() => house().activations.find(shop.brandId, newId()))).toBeNull();
  });
});
