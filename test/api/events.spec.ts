import { newId, publicId } from '../../libs/kernel/id';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';

describe('The event log', () => {
  let service: TestService;
  let world: BrandWorld;
  let stranger: BrandWorld;
  beforeAll(async () => {
    service = await startTestService();
    [world, stranger] = [await createBrandWorld(service), await createBrandWorld(service)];
    await world.ask('activate');
    await service.settle();
  });
  afterAll(() => service.stop());

  const read = async (query = '', of = world) => ok(await of.call({ path: `/v1/events?limit=100${query}` }));
  const types = ({ data }: { data: { type: string }[] }) => data.map(({ type }) => type);
  const life = ['brand.created', 'api_key.created', 'product.created', 'license_key.created', 'license.provisioned', 'license.activated'];

  it('tells a brand what happened, in order and numbered without a gap', async () => {
    const log = await read();
    expect(types(log)).toEqual(life);
    expect(log.data.map(({ sequence }: { sequence: number }) => sequence)).toEqual(life.map((_, index) => index + 1));
    expect(log.data[5]).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      brand_id: world.brandId,
      occurred_at: expect.any(String),
      data: { id: expect.stringMatching(/^act_/), license_version: 2, seats: { limit: 5, used: 1, remaining: 4 } },
    });
  });

  it('goes on behind the last event that the caller has', async () => {
    const { data } = await read();
    expect(types(await read(`&after=${data[3].id}`))).toEqual(life.slice(4));
    expect(await read(`&after=${data[5].id}`)).toMatchObject({ data: [], has_more: false, next_cursor: null });
  });

  it('is read page by page, and what comes meanwhile is at its end', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page++) {
      const { data, next_cursor } = ok(await world.call({ path: `/v1/events?limit=2${cursor && `&cursor=${cursor}`}` }));
      seen.push(...data.map(({ type }: { type: string }) => type));
      cursor = next_cursor;
      if (page === 0) {
        await world.ask('deactivate');
        await service.settle();
      }
    }
    expect(seen).toEqual([...life, 'seat.deactivated']);
  });

  it('is filtered by a type, or by a kind of them', async () => {
    expect(types(await read('&type=license.activated'))).toEqual(['license.activated']);
    expect(types(await read('&type=license.*'))).toEqual(['license.provisioned', 'license.activated']);
    expect(types(await read('&type=licen.*'))).toEqual([]);
    expect(types(await read('&type=license_key.*'))).toEqual(['license_key.created']);
  });

  it('shows nothing of another brand, not even that an event is there', async () => {
    const [event] = (await read('', stranger)).data as [{ id: string }];
    const foreign = await world.call({ path: `/v1/events?after=${event.id}` });
    const absent = await world.call({ path: `/v1/events?after=${publicId('event', newId())}` });
    expect([foreign.status, foreign.body.code]).toEqual([404, 'event_not_found']);
    const anonymous = ({ text, body }: typeof foreign) => text.replaceAll(body.request_id, '');
    expect(anonymous(foreign)).toBe(anonymous(absent));
    expect((await read()).data.every(({ brand_id }: { brand_id: string }) => brand_id === world.brandId)).toBe(true);
  });

  it('asks an operator which brand is meant', async () => {
    expect((await world.operate({ path: '/v1/events' })).body).toMatchObject({ status: 400, code: 'brand_required' });
    expect(types(ok(await world.operate({ path: `/v1/events?brand=${world.slug}` })))).toEqual([...life, 'seat.deactivated']);
  });

  it.each([
    ['after=lic_1', '?after'],
    ['type=License', '?type'],
    ['type=*.renewed', '?type'],
    ['since=yesterday', '?since'],
  ])('refuses ?%s', async (query, pointer) => {
    expect((await world.call({ path: `/v1/events?${query}` })).body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  it('has a catalogue, made from the code, that anybody may read', async () => {
    const { status, headers, text } = await service.call({ path: '/event-types' });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    for (const type of [...life, 'license.expiring_soon', 'webhook_endpoint.disabled']) expect(text).toContain(`id="${type}"`);
  });
});
