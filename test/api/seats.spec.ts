import { type Answer, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { expectProblem } from './contract';

describe('Seats', () => {
  let service: TestService;
  let world: BrandWorld;
  const activate = (instance_id: string, more: object = {}) => world.ask('activate', { instance_id, ...more });
  const deactivate = (instance_id: string, more: object = {}) => world.ask('deactivate', { instance_id, ...more });
  const manage = (rest: string, body: object) => world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}${rest}`, body });
  const setLimit = (seat_limit: number | null) => manage('', { seat_limit });
  const seats = async () => ok(await world.call({ path: `/v1/licenses/${world.licenseId}` })).seats;
  const holders = async (query = '') => ok(await world.call({ path: `/v1/licenses/${world.licenseId}/activations${query}` })).data;
  const many = (number: number, act: (index: number) => Promise<Answer>) => Promise.all(Array.from({ length: number }, (_, i) => act(i)));
  const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();
  const times = <T>(number: number, value: T): T[] => Array.from({ length: number }, () => value);

  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
  });
  afterAll(() => service.stop());

  describe('are taken', () => {
    it('one an instance, with what it tells of itself', async () => {
      const told = { instance_name: 'Shop', metadata: { wp: '6.9' } };
      const { activation, license } = ok(await activate('https://example.com', told));
      expect(activation).toMatchObject({ license_id: world.licenseId, instance_id: 'https://example.com', deactivated_at: null, ...told });
      expect(license).toMatchObject({
        id: world.licenseId,
        product_code: 'pro',
        seats: { limit: 5, used: 1, remaining: 4 },
        entitlements: {},
      });
      expect(await holders()).toEqual([activation]);
      expect(await seats()).toEqual({ limit: 5, used: 1, remaining: 4 });
    });

    it('never more than there are, by instances in parallel', async () => {
      const answers = await many(30, (i) => activate(`site-${i}`));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
      const refused = answers.filter(({ status }) => status !== 201);
      for (const answer of refused) {
        expectProblem(answer, 409, 'seat_limit_reached');
        expect(answer.body).toMatchObject({ limit: 5, used: 5 });
      }
      expect(await holders()).toHaveLength(5);
    });

    it('once by an instance, however often it asks at once', async () => {
      const answers = await many(20, () => activate('site-1'));
      expect(statuses(answers)).toEqual([...times(19, 200), 201]);
      expect(new Set(answers.map(({ body }) => body.activation.id)).size).toBe(1);
      expect(await seats()).toEqual({ limit: 5, used: 1, remaining: 4 });
    });

    it('by an instance that has one already even when none is left', async () => {
      ok(await setLimit(1));
      ok(await activate('site-1'));
      expectProblem(await activate('site-2'), 409, 'seat_limit_reached');
      expect(await activate('site-1', { instance_name: 'Renamed' })).toMatchObject({
        status: 200,
        body: { activation: { instance_name: 'Renamed' } },
      });
    });

    it('by names that differ in anything at all', async () => {
      const names = [
        'site',
        'Site',
        'site/',
        ' site',
        'https://ex.com/?a=1&b=%20',
        '漢字 😀',
        'é',
        'e\u0301',
        'x'.repeat(255),
        "'; drop table seats; --",
        '_',
        '%',
      ];
      ok(await setLimit(null));
      for (const name of names) expect(await activate(name)).toMatchObject({ status: 201, body: { activation: { instance_id: name } } });
      for (const name of names)
        expect(await world.ask('verify', { instance_id: name })).toMatchObject({ body: { activation: { instance_id: name } } });
      expect(await seats()).toEqual({ limit: null, used: names.length, remaining: null });
    });

    it('without end where there is no limit', async () => {
      ok(await setLimit(null));
      expect(statuses(await many(25, (i) => activate(`site-${i}`)))).toEqual(times(25, 201));
      expect(await seats()).toEqual({ limit: null, used: 25, remaining: null });
    });

    it('license by license: a key with two products has the seats of both', async () => {
      ok(await world.createProduct({ code: 'addon', seat_limit: 1 }));
      ok(await world.provision({ license_key: world.licenseKeyId, licenses: [{ product_code: 'addon' }] }));
      expect(await activate('site-1', { product_code: 'addon' })).toMatchObject({ status: 201 });
      expectProblem(await activate('site-2', { product_code: 'addon' }), 409, 'seat_limit_reached');
      expect(await activate('site-1')).toMatchObject({ status: 201 });
      expect(await deactivate('site-1', { product_code: 'addon' })).toMatchObject({ body: { deactivated: true, seats: { used: 0 } } });
      expect(await seats()).toMatchObject({ used: 1 });
      expectProblem(await activate('site-1', { product_code: 'nothing' }), 404, 'product_mismatch');
    });
  });

  describe('are given back', () => {
    it('once: to repeat it changes nothing', async () => {
      ok(await activate('site-1'));
      expect(await deactivate('site-1')).toMatchObject({
        status: 200,
        body: { deactivated: true, seats: { limit: 5, used: 0, remaining: 5 } },
      });
      expect(await deactivate('site-1')).toMatchObject({ status: 200, body: { deactivated: false, seats: { used: 0 } } });
      expect(await deactivate('never-seen')).toMatchObject({ status: 200, body: { deactivated: false } });
    });

    it('once, however often it is asked at once', async () => {
      ok(await activate('site-1'));
      ok(await activate('site-2'));
      const answers = await many(10, () => deactivate('site-1'));
      expect(answers.filter(({ body }) => body.deactivated)).toHaveLength(1);
      expect(await seats()).toMatchObject({ used: 1 });
    });

    it('and taken again by the instance under the id that it had', async () => {
      const first = ok(await activate('site-1', { instance_name: 'Shop', metadata: { wp: '6.9' } })).activation;
      ok(await deactivate('site-1'));
      const answer = await activate('site-1');
      expect(answer).toMatchObject({ status: 201, body: { activation: { id: first.id, instance_name: 'Shop', deactivated_at: null } } });
      expect(Date.parse(answer.body.activation.activated_at)).toBeGreaterThan(Date.parse(first.activated_at));
      expect(await seats()).toMatchObject({ used: 1 });
    });

    it('and taken again by another', async () => {
      ok(await setLimit(1));
      ok(await activate('site-1'));
      ok(await deactivate('site-1'));
      expect(await activate('site-2')).toMatchObject({ status: 201 });
      expectProblem(await activate('site-1'), 409, 'seat_limit_reached');
    });

    it.each(['suspended', 'cancelled'])('of a license that is %s too', async (status) => {
      ok(await activate('site-1'));
      ok(await manage('/status', { status }));
      expect(await deactivate('site-1')).toMatchObject({ status: 200, body: { deactivated: true, seats: { used: 0 } } });
    });

    it('of a license that has expired too', async () => {
      ok(await activate('site-1'));
      service.travel(400);
      expectProblem(await activate('site-1'), 403, 'license_expired');
      expect(await deactivate('site-1')).toMatchObject({ status: 200, body: { deactivated: true, seats: { used: 0 } } });
      service.travel(-400);
    });

    it('in a crowd that comes and goes, with a count that stays true', async () => {
      await many(60, (i) => (i % 3 === 0 ? deactivate(`site-${i % 7}`) : activate(`site-${i % 7}`)));
      const held = await holders();
      expect(held.length).toBeLessThanOrEqual(5);
      expect(await seats()).toEqual({ limit: 5, used: held.length, remaining: 5 - held.length });
    });
  });

  describe('after the limit was lowered', () => {
    it('stay with those who have them, and go to nobody else until there is room', async () => {
      await many(4, (i) => activate(`site-${i}`));
      expect(ok(await setLimit(2)).seats).toEqual({ limit: 2, used: 4, remaining: 0 });
      expect(await holders()).toHaveLength(4);
      expect(await world.ask('verify', { instance_id: 'site-3' })).toMatchObject({ body: { valid: true } });
      expect(await activate('site-3')).toMatchObject({ status: 200 });

      for (const [index, used] of [4, 3, 2].entries()) {
        const refused = await activate('site-new');
        expectProblem(refused, 409, 'seat_limit_reached');
        expect(refused.body).toMatchObject({ limit: 2, used });
        ok(await deactivate(`site-${index}`));
      }
      expect(await activate('site-new')).toMatchObject({ status: 201, body: { license: { seats: { limit: 2, used: 2, remaining: 0 } } } });
    });

    it('and raised again, are there for new ones', async () => {
      await many(5, (i) => activate(`site-${i}`));
      ok(await setLimit(1));
      ok(await setLimit(6));
      expect(await activate('site-6')).toMatchObject({ status: 201 });
      expectProblem(await activate('site-7'), 409, 'seat_limit_reached');
    });

    it('while instances ask, are never sold beyond what was true at some moment', async () => {
      const [lowered] = await Promise.all([setLimit(2), many(10, (i) => activate(`site-${i}`))]);
      expect(lowered).toMatchObject({ status: 200 });
      const { used } = await seats();
      expect(used).toBeGreaterThanOrEqual(2);
      expect(used).toBeLessThanOrEqual(5);
      expect(await holders()).toHaveLength(used);
      expectProblem(await activate('site-new'), 409, 'seat_limit_reached');
    });
  });

  describe('are seen and freed by the brand', () => {
    const free = (id: string) => world.call({ method: 'DELETE', path: `/v1/activations/${id}` });

    it('once: to repeat it changes nothing', async () => {
      const { activation } = ok(await activate('site-1'));
      const freed = ok(await free(activation.id));
      expect(freed).toEqual({ ...activation, deactivated_at: expect.any(String) });
      expect(ok(await free(activation.id))).toEqual(freed);
      expect(await seats()).toMatchObject({ used: 0 });
      expect(await world.ask('verify', { instance_id: 'site-1' })).toMatchObject({ body: { code: 'not_activated' } });
    });

    it('once, though the instance leaves in the same moment', async () => {
      const ids = [];
      for (let i = 0; i < 5; i++) ids.push(ok(await activate(`site-${i}`)).activation.id);
      const leaving = ids.slice(1).flatMap((id, i) => [free(id), deactivate(`site-${i + 1}`), free(id)]);
      expect(statuses(await Promise.all(leaving))).toEqual(times(12, 200));
      expect(await seats()).toMatchObject({ used: 1, remaining: 4 });
    });

    it('of a cancelled license too', async () => {
      const { activation } = ok(await activate('site-1'));
      ok(await manage('/status', { status: 'cancelled' }));
      expect(await free(activation.id)).toMatchObject({ status: 200 });
    });

    it('living, unless the ended ones are asked for', async () => {
      for (const site of ['a', 'b', 'c']) ok(await activate(site));
      ok(await deactivate('b'));
      const sites = async (query?: string) => (await holders(query)).map(({ instance_id }: { instance_id: string }) => instance_id);
      expect(await sites()).toEqual(['c', 'a']);
      expect(await sites('?include=ended')).toEqual(['c', 'b', 'a']);
      expect(await sites('?include=ended&limit=2')).toEqual(['c', 'b']);
      const { next_cursor } = ok(await world.call({ path: `/v1/licenses/${world.licenseId}/activations?limit=1` }));
      expect(await sites(`?cursor=${next_cursor}`)).toEqual(['a']);
      expectProblem(
        await world.call({ path: `/v1/licenses/${world.licenseId}/activations?include=all` }),
        400,
        'invalid_request',
        '?include',
      );
    });
  });
});
