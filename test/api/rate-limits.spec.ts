import { mintLicenseKey } from '../../libs/license-key/license-key';
import { type Answer, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { BrandDirectory } from '../../src/brands';
import { mintSecret } from '../../src/identity/domain/api-secret';
import { Credentials } from '../../src/identity/ports/credentials';
import { documented, expectDocumented, expectProblem } from './contract';

describe('Rate limits', () => {
  let service: TestService;
  let world: BrandWorld;
  const limits = { RATE_LIMIT_API_KEY: '200', RATE_LIMIT_INSTANCE: '5', RATE_LIMIT_LICENSE_KEY: '8', RATE_LIMIT_FAILED_TRIES: '4' };
  beforeAll(async () => {
    service = await startTestService({ RATE_LIMITS: 'on', TRUST_PROXY: 'true', ...limits });
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    world = await createBrandWorld(service, { seats: null });
  });

  const times = async (count: number, call: (i: number) => Promise<Answer>): Promise<Answer[]> => {
    const answers = [];
    for (let i = 0; i < count; i += 1) answers.push(await call(i));
    return answers;
  };
  const statuses = (answers: Answer[]) => answers.map(({ status }) => status);
  /** How many of these were let through before the first that was not. */
  const passed = (answers: Answer[]) => answers.findIndex(({ status }) => status === 429);
  const change = (limits: object, of = world) =>
    of.operate({ method: 'PATCH', path: `/v1/brands/${of.slug}`, body: { rate_limits: limits } });
  const headersOf = ({ headers }: Answer) => [headers.get('ratelimit-policy'), headers.get('ratelimit'), headers.get('retry-after')];

  describe('of an API key', () => {
    const list = (key: string) => service.call({ key, path: '/v1/licenses' });

    it('are told with every answer, and end in a 429 that says when to come back', async () => {
      ok(await change({ api_key_per_minute: 3 }));
      const { secret } = ok(
        await world.operate({ path: `/v1/brands/${world.slug}/api-keys`, body: { name: 'few', scopes: ['licenses:read'] } }),
      );
      const answers = await times(4, () => list(secret));
      expect(statuses(answers)).toEqual([200, 200, 200, 429]);
      expect(answers.map(headersOf)).toEqual([
        ['"api_key";q=3;w=60', '"api_key";r=2;t=20', null],
        ['"api_key";q=3;w=60', '"api_key";r=1;t=20', null],
        ['"api_key";q=3;w=60', '"api_key";r=0;t=20', null],
        ['"api_key";q=3;w=60', '"api_key";r=0;t=20', '20'],
      ]);
      expectProblem(answers[3]!, 429, 'rate_limited');
      expectDocumented(documented.get('listLicenses')!, answers[3]!);
    });

    it('hold for each key alone, and for no other brand', async () => {
      const other = await createBrandWorld(service);
      ok(await change({ api_key_per_minute: 1 }));
      const second = await world.issueKey(['licenses:read']);
      expect((await times(20, () => list(world.key))).at(-1)!.status).toBe(429);
      expect((await list(second.secret)).status).toBe(200);
      expect((await list(other.key)).status).toBe(200);
    });

    it('count what is refused too, and come before the body is looked at, the role and the audit log', async () => {
      ok(await change({ api_key_per_minute: 2 }));
      const { secret } = await world.issueKey(['licenses:read']);
      const forbidden = () => service.call({ key: secret, path: '/v1/brands', body: { nonsense: true } });
      expect(statuses(await times(3, forbidden))).toEqual([403, 403, 429]);
      const { rows } = await service.owner.query(
        `select count(*)::int from audit_logs where action = 'createBrand' and outcome = 'refused'`,
      );
      expect(rows).toEqual([{ count: 2 }]);
    });
  });

  describe('of a license key', () => {
    const verify = (instance: string | undefined, more: object = {}) => world.ask('verify', { instance_id: instance, ...more });

    it('stop the site that loops and no other one of the customer', async () => {
      const looping = await times(30, () => verify('site-1'));
      expect(passed(looping)).toBe(5);
      expectProblem(looping.at(-1)!, 429, 'rate_limited');
      expect(headersOf(looping[4]!)).toEqual([
        '"instance";q=5;w=60, "license_key";q=8;w=60',
        '"instance";r=0;t=12, "license_key";r=3;t=8',
        null,
      ]);
      expect(headersOf(looping[5]!)[2]).toBe('12');
      expect((await verify('site-2')).status).toBe(200);
    });

    it('hold over all instances together, for who makes up new ones', async () => {
      expect(passed(await times(12, (i) => verify(`made-up-${i}`)))).toBe(8);
    });

    it('are the same for all three questions, however the key is written', async () => {
      const spelled = { license_key: world.licenseKey.toLowerCase().replaceAll('-', ' ') };
      const questions = ['activate', 'verify', 'deactivate', 'verify', 'activate', 'verify', 'activate', 'deactivate'] as const;
      const answers = await times(8, (i) => world.ask(questions[i]!, { instance_id: 'site-1', ...(i % 2 && spelled) }));
      expect(passed(answers)).toBe(5);
    });

    it('take the instance of a POST from its body alone', async () => {
      const ask = (i: number) => service.call({ path: `/v1/licenses/verify?instance_id=i${i}`, body: { license_key: world.licenseKey } });
      const answers = [];
      for (let i = 0; i < 10; i++) answers.push(await ask(i));
      expect(statuses(answers)).toContain(429);
    });

    it('tell sites that do not name themselves apart by their address', async () => {
      const from = (ip: string) =>
        service.call({
          path: '/v1/licenses/verify',
          body: { license_key: world.licenseKey, product_code: world.product },
          headers: { 'x-forwarded-for': ip },
        });
      expect(passed(await times(7, () => from('192.0.2.7')))).toBe(5);
      expect((await from('192.0.2.8')).status).toBe(200);
    });

    it('come before the body is looked at', async () => {
      expect(passed(await times(6, () => verify('site-1', { nonsense: true })))).toBe(5);
    });

    it('of one brand are nothing to another: a flood on its keys is told to wait, the other is served', async () => {
      const other = await createBrandWorld(service, { seats: null });
      const flood = Promise.all(Array.from({ length: 100 }, (_, i) => verify(`flood-${i % 20}`)));
      const served = await times(5, () => other.ask('verify', { instance_id: 'quiet' }));
      expect(statuses(served)).toEqual([200, 200, 200, 200, 200]);
      expect(statuses(await flood).filter((status) => status === 200)).toHaveLength(8);
    });
  });

  describe('of failed tries', () => {
    let address = 0;
    let from: string;
    beforeEach(() => {
      address += 1;
      from = `198.51.${address}.1`;
    });
    const verify = (license_key: string, ip = from, more: object = {}) =>
      service.call({
        path: '/v1/licenses/verify',
        body: { license_key, product_code: world.product, instance_id: ip, ...more },
        headers: { 'x-forwarded-for': ip },
      });
    const activate = (license_key: string) =>
      service.call({
        path: '/v1/licenses/activate',
        body: { license_key, product_code: world.product, instance_id: from },
        headers: { 'x-forwarded-for': from },
      });
    const manage = (key: string, ip = from) => service.call({ key, path: '/v1/licenses', headers: { 'x-forwarded-for': ip } });
    const prefix = () => world.licenseKey.split('-')[0]!;
    const guesses = (): [string, () => Promise<Answer>][] => [
      ['keys that do not exist', () => verify(mintLicenseKey(prefix()))],
      ['keys of no brand', () => verify(mintLicenseKey('NOBODY'))],
      ['malformed keys', () => verify('not-a-key')],
      ['keys of no brand, with a body that is wrong too', () => verify(mintLicenseKey('NOBODY'), from, { nonsense: true })],
      ['seats of keys that do not exist', () => activate(mintLicenseKey(prefix()))],
      ['mistyped API keys', () => manage(`${world.key.slice(0, -6)}abcdef`)],
      ['API keys that do not exist', () => manage(mintSecret('test', 'brand').text)],
    ];

    it.each([0, 1, 2, 3, 4, 5, 6])('stop who guesses, after a few (%i)', async (which) => {
      const [, guess] = guesses()[which]!;
      const answers = await times(6, guess);
      expect(passed(answers)).toBe(4);
      expectProblem(answers[4]!, 429, 'rate_limited');
      expect(headersOf(answers[4]!)).toEqual(['"failed_tries";q=4;w=60', '"failed_tries";r=0;t=15', '15']);
    });

    it('stop whoever comes from there without a look into the database', async () => {
      await times(4, () => verify('not-a-key'));
      const lookUps = [
        jest.spyOn(service.app.get(BrandDirectory, { strict: false }), 'ofKeyPrefix'),
        jest.spyOn(service.app.get(Credentials, { strict: false }), 'check'),
      ];
      const made = () => lookUps.map(({ mock }) => mock.calls.length);
      const tries = (ip: string) => [verify(mintLicenseKey('NEVER'), ip), manage(mintSecret('test', 'brand').text, ip)];
      expect(statuses(await Promise.all(tries(from)))).toEqual([429, 429]);
      expect(made()).toEqual([0, 0]);
      expect(statuses(await Promise.all(tries(`${from}0`)))).toEqual([200, 401]);
      expect(made()).toEqual([1, 1]);
      lookUps.forEach((one) => one.mockRestore());
    });

    it('leave a neighbour alone whose credentials were good before, behind the same address', async () => {
      expect(statuses([await verify(world.licenseKey), await manage(world.key)])).toEqual([200, 200]);
      await times(6, () => verify(mintLicenseKey(prefix())));
      expect(statuses([await verify(world.licenseKey), await manage(world.key)])).toEqual([200, 200]);
    });

    it('forget that a credential was good once it is not', async () => {
      const { id, secret } = await world.issueKey(['licenses:read']);
      expect((await manage(secret)).status).toBe(200);
      ok(await world.call({ method: 'DELETE', path: `/v1/brands/${world.slug}/api-keys/${id}` }));
      expect(passed(await times(6, () => manage(secret)))).toBe(4);
    });

    it('count no request that was good, and none that showed nothing', async () => {
      await times(10, () => manage(world.key));
      await times(10, () => service.call({ path: '/v1/licenses', headers: { 'x-forwarded-for': from } }));
      await times(10, (i) => world.ask('verify', { product_code: 'other', instance_id: `i${i}` }));
      expect((await verify('not-a-key')).status).toBe(200);
    });

    it('count no right key with a wrong product', async () => {
      const wrong = (i: number) =>
        service.call({
          path: '/v1/licenses/activate',
          body: { license_key: world.licenseKey, product_code: 'other', instance_id: `i${i}` },
          headers: { 'x-forwarded-for': from },
        });
      expect(statuses(await times(6, wrong))).toEqual([404, 404, 404, 404, 404, 404]);
      expect((await verify('not-a-key')).status).toBe(200);
    });

    it('let nobody through in a crowd once an address is stopped: after the stop one goes first', async () => {
      const now = jest.spyOn(performance, 'now');
      await times(5, () => verify('not-a-key'));
      now.mockReturnValue(performance.now() + 20_000);
      expect(passed(await Promise.all(Array.from({ length: 10 }, () => verify(mintLicenseKey(prefix())))))).toBe(1);
      now.mockRestore();
    });

    it('hold for one address, of IPv6 for one network', async () => {
      await times(4, () => verify('not-a-key', '2001:db8:1:1::1'));
      expect((await verify('not-a-key', '2001:db8:1:1:ffff::2')).status).toBe(429);
      expect((await verify('not-a-key', '2001:db8:1:2::1')).status).toBe(200);
    });
  });

  describe('of a brand', () => {
    it('are set by an operator, one by one, shown, noted and given back', async () => {
      const none = { api_key_per_minute: null, license_key_per_minute: null, instance_per_minute: null };
      const read = async () => ok(await world.operate({ path: `/v1/brands/${world.slug}` })).rate_limits;
      expect(await read()).toEqual(none);
      ok(await change({ instance_per_minute: 7, api_key_per_minute: 9 }));
      expect(ok(await change({ instance_per_minute: 6 })).rate_limits).toEqual({ ...none, api_key_per_minute: 9, instance_per_minute: 6 });
      expect(ok(await change({ instance_per_minute: null })).rate_limits).toEqual({ ...none, api_key_per_minute: 9 });
      expect(await read()).toEqual({ ...none, api_key_per_minute: 9 });

      const { rows } = await service.owner.query(
        `select before, after from audit_logs where target = $1 and action = 'brand.updated' order by position`,
        [world.brandId],
      );
      expect(rows[1]).toEqual({ before: { instance_per_minute: 7 }, after: { instance_per_minute: 6 } });
      const created = await service.call({
        key: service.internalKey,
        path: '/v1/brands',
        body: { slug: `${world.slug}-own`, name: 'Own', key_prefix: 'OWN1', rate_limits: { license_key_per_minute: 50 } },
      });
      expect(ok(created).rate_limits).toEqual({ ...none, license_key_per_minute: 50 });
    });

    it.each([[{ api_key_per_minute: 0 }], [{ instance_per_minute: 1.5 }], [{ license_key_per_minute: 1_000_001 }], [{ per_day: 1 }]])(
      'are not %j',
      async (wrong) => {
        expectProblem(await change(wrong), 400, 'invalid_request', `/rate_limits/${Object.keys(wrong)[0]}`);
      },
    );

    it.each([[null], [7], [[]]])('are no %j', async (wrong) => {
      expectProblem(await change(wrong as never), 400, 'invalid_request');
    });

    it('hold instead of those of the installation', async () => {
      ok(await change({ instance_per_minute: 2 }));
      expect(passed(await times(4, () => world.ask('verify', { instance_id: 'a' })))).toBe(2);
      ok(await change({ instance_per_minute: 7 }));
      expect(passed(await times(9, () => world.ask('verify', { instance_id: 'b' })))).toBe(6);
    });
  });

  it('are nothing to the pages that anyone may read', async () => {
    expect(headersOf(await service.call({ path: '/problems' }))).toEqual([null, null, null]);
  });

  it('can be off: nobody is counted, nobody is told', async () => {
    const unlimited = await startTestService({ ...limits });
    try {
      const { ask } = await createBrandWorld(unlimited);
      const answers = await times(12, () => ask('verify', { license_key: 'not-a-key', instance_id: 'a' }));
      expect(statuses(answers)).toEqual(answers.map(() => 200));
      expect(answers.flatMap(headersOf)).toEqual(answers.flatMap(() => [null, null, null]));
    } finally {
      await unlimited.stop();
    }
  });
});
