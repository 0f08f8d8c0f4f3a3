import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { expectProblem } from './contract';

const day = 86_400_000;

describe('The life of a license', () => {
  let service: TestService;
  let world: BrandWorld;
  const read = async () => ok(await world.call({ path: `/v1/licenses/${world.licenseId}` }));
  const patch = (what: string, body: object) => world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}/${what}`, body });
  const setStatus = (status: string, reason?: string) => patch('status', { status, reason });
  const renew = (body: object) => patch('renew', body);
  const code = async () => ok(await world.ask('verify')).code;
  const events = async () => {
    const text = `select type, data from outbox_events where data->>'id' = $1 order by position`;
    return (await service.owner.query(text, [world.licenseId])).rows as { type: string; data: Record<string, unknown> }[];
  };
  /** What a refused or repeated change leaves: the license as it was, and no event. */
  const expectNoChange = async (act: () => Promise<unknown>) => {
    const before = [await read(), await events()];
    await act();
    expect([await read(), await events()]).toEqual(before);
  };
  const now = async () => Date.parse(ok(await world.ask('verify')).checked_at);

  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
  });
  afterAll(() => service.stop());

  describe('suspended', () => {
    it('pauses it at once and resumes it as it was', async () => {
      ok(await world.ask('activate'));
      expect(ok(await setStatus('suspended', 'chargeback'))).toMatchObject({ status: 'suspended', version: 3, seats: { used: 1 } });
      expect(await code()).toBe('suspended');
      expectProblem(await world.ask('activate'), 403, 'license_suspended');
      expectProblem(await world.ask('activate', { instance_id: 'site-2' }), 403, 'license_suspended');

      expect(ok(await setStatus('valid'))).toMatchObject({ status: 'valid', version: 4, seats: { used: 1 } });
      expect(await code()).toBe('valid');
      expect(await world.ask('activate')).toMatchObject({ status: 200 });
    });

    it('tells the reason to those who listen, and only to them', async () => {
      const answer = await setStatus('suspended', 'chargeback on order 1001');
      expect(answer.text).not.toContain('chargeback');
      expect((await events()).at(-1)).toMatchObject({ type: 'license.suspended', data: { reason: 'chargeback on order 1001' } });
      expect((await world.ask('verify')).text).not.toContain('chargeback');
    });

    it('still ends on its day, and can be renewed without being resumed', async () => {
      ok(await setStatus('suspended'));
      expect(ok(await renew({ extend_days: 30 }))).toMatchObject({ status: 'suspended' });
      expect(await code()).toBe('suspended');
    });
  });

  describe('cancelled', () => {
    beforeEach(async () => {
      ok(await world.ask('activate'));
      ok(await setStatus('cancelled'));
    });

    it('is the end at once', async () => {
      expect(await code()).toBe('cancelled');
      expectProblem(await world.ask('activate'), 403, 'license_cancelled');
      expect((await events()).at(-1)).toMatchObject({ type: 'license.cancelled' });
    });

    it('is final', async () => {
      await expectNoChange(async () => {
        for (const answer of [
          await setStatus('valid'),
          await setStatus('suspended'),
          await renew({ extend_days: 1 }),
          await renew({ expires_at: null }),
          await world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { seat_limit: 9 } }),
        ])
          expectProblem(answer, 409, 'cancelled_is_final');
      });
    });
  });

  it.each(['valid', 'suspended', 'cancelled'])('is changed by %s once: to repeat it changes nothing', async (status) => {
    ok(await setStatus(status));
    await expectNoChange(async () => expect(await setStatus(status, 'again')).toMatchObject({ status: 200, body: { status } }));
  });

  describe('renewed', () => {
    it('lasts so many days more, counted from its end', async () => {
      const before = await read();
      const after = ok(await renew({ extend_days: 30 }));
      expect(Date.parse(after.expires_at) - Date.parse(before.expires_at)).toBe(30 * day);
      expect(Date.parse(after.grace_until) - Date.parse(after.expires_at)).toBe(7 * day);
      expect([after.version, (await events()).at(-1)!.type]).toEqual([before.version + 1, 'license.renewed']);
    });

    it.each([
      ['after its end', 400, 'expired'],
      ['in its grace', 368, 'valid_in_grace'],
    ])('%s, its days are counted from now', async (_, days, before) => {
      service.travel(days);
      expect(await code()).toBe(before);
      const { expires_at } = ok(await renew({ extend_days: 30 }));
      expect(Math.abs(Date.parse(expires_at) - (await now()) - 30 * day)).toBeLessThan(5_000);
      expect(await code()).toBe('valid');
      expect(await world.ask('activate')).toMatchObject({ status: 201 });
      service.travel(-days);
    });

    it('ends on the day that was said', async () => {
      expect(ok(await renew({ expires_at: '2060-01-01T00:00:00+01:00' })).expires_at).toBe('2059-12-31T23:00:00.000Z');
    });

    it('never ends sooner', async () => {
      const { expires_at } = await read();
      await expectNoChange(async () => {
        const answer = await renew({ expires_at: new Date(Date.parse(expires_at) - 1).toISOString() });
        expectProblem(answer, 409, 'renewal_shortens');
        expect(answer.body).toMatchObject({ expires_at });
      });
    });

    it('to the end that it has, it does not change', async () => {
      const { expires_at } = await read();
      await expectNoChange(async () => expect(await renew({ expires_at })).toMatchObject({ status: 200 }));
    });

    it('for life, it never ends, and nothing can end it', async () => {
      expect(ok(await renew({ expires_at: null }))).toMatchObject({ expires_at: null, grace_until: null });
      service.travel(20_000);
      expect(await code()).toBe('valid');
      service.travel(-20_000);
      await expectNoChange(async () => {
        expectProblem(await renew({ extend_days: 1 }), 409, 'renewal_shortens');
        const answer = await renew({ expires_at: '2099-01-01T00:00:00Z' });
        expectProblem(answer, 409, 'renewal_shortens');
        expect(answer.body).toMatchObject({ expires_at: null });
        ok(await renew({ expires_at: null }));
      });
    });

    it('never lasts beyond the year 2099', async () => {
      await expectNoChange(async () => expectProblem(await renew({ extend_days: 36_500 }), 400, 'term_not_possible', '/extend_days'));
    });

    it('needs one of the two ways to say for how long', async () => {
      for (const body of [{}, { extend_days: 1, expires_at: '2060-01-01T00:00:00Z' }, { extend_days: 1, expires_at: null }])
        expectProblem(await renew(body), 400, 'invalid_request', '');
      for (const extend_days of [0, -1, 1.5, 36_501, '30', null])
        expectProblem(await renew({ extend_days }), 400, 'invalid_request', '/extend_days');
    });

    it('by many at once, it lasts as long as they say together', async () => {
      const before = await read();
      await Promise.all(Array.from({ length: 10 }, async () => ok(await renew({ extend_days: 3 }))));
      expect(Date.parse((await read()).expires_at) - Date.parse(before.expires_at)).toBe(30 * day);
    });
  });

  it('is lived from start to end by time alone', async () => {
    const { license_key } = ok(
      await world.provision({ licenses: [{ product_code: 'pro', starts_at: new Date((await now()) + 10 * day).toISOString() }] }),
    );
    const seen: string[] = [];
    const look = async (days: number) => {
      service.travel(days);
      seen.push(ok(await world.ask('verify', { license_key: license_key.key })).code);
      const { status, body } = await world.ask('activate', { license_key: license_key.key, instance_id: `day-${seen.length}` });
      seen.push(status === 201 ? 'activated' : body.code);
    };
    for (const days of [9, 2, 363, 2, 7]) await look(days);
    service.travel(-383);
    expect(seen).toEqual([
      ...['not_started', 'license_not_started'],
      ...['valid', 'activated'],
      ...['valid', 'activated'],
      ...['valid_in_grace', 'activated'],
      ...['expired', 'license_expired'],
    ]);
  });
});
