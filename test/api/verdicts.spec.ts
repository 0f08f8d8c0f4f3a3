import { mintLicenseKey } from '../../libs/license-key/license-key';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { documented, expectDocumented } from './contract';

const day = 86_400_000;
const always = { product_code: 'pro', expires_at: null };
const ended = { product_code: 'pro', expires_at: '2020-01-01T00:00:00Z' };
const future = { product_code: 'pro', starts_at: '2090-01-01T00:00:00Z', expires_at: null };

describe('A verdict', () => {
  let service: TestService;
  let world: BrandWorld;
  const inDays = (days: number) => new Date(Date.now() + days * day).toISOString();
  const inGrace = () => ({ product_code: 'pro', expires_at: inDays(-1) });

  interface Held {
    key: string;
    ids: string[];
    verify(question?: object): Promise<any>;
    set(status: string, product?: number): Promise<unknown>;
    activate(instance: string, product?: string): Promise<unknown>;
  }
  /** A new key with these licenses. */
  async function hold(...licenses: object[]): Promise<Held> {
    const { license_key, licenses: given } = ok(await world.provision({ licenses }));
    const ids = given.map(({ id }: { id: string }) => id);
    return {
      key: license_key.key,
      ids,
      verify: async (question = {}) => {
        const answer = await world.ask('verify', { license_key: license_key.key, ...question });
        expect(answer.status).toBe(200);
        expectDocumented(documented.get('verifyLicense')!, answer);
        return answer.body;
      },
      set: async (status, product = 0) =>
        ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${ids[product]}/status`, body: { status } })),
      activate: async (instance_id, product_code = 'pro') =>
        ok(await world.ask('activate', { license_key: license_key.key, instance_id, product_code })),
    };
  }
  const codesOf = ({ code, reasons }: any) => [code, reasons.map((reason: any) => reason.code)];

  beforeAll(async () => {
    service = await startTestService();
    world = await createBrandWorld(service);
    for (const code of ['lite', 'addon']) ok(await world.createProduct({ code, duration_days: null, entitlements: { tier: 2 } }));
  });
  afterAll(() => service.stop());

  describe('says, of one license,', () => {
    it('valid', async () => {
      const { verify, ids } = await hold({ ...always, entitlements: { sites: 3 }, seat_limit: 2 });
      const verdict = await verify();
      expect(verdict).toMatchObject({ valid: true, code: 'valid', detail: 'This license is valid.', reasons: [], activation: null });
      expect(verdict.licenses).toEqual([
        {
          ...{ id: ids[0], product_code: 'pro', valid: true, code: 'valid', status: 'valid' },
          ...{ starts_at: null, expires_at: null, grace_until: null },
          ...{ entitlements: { sites: 3 }, seats: { limit: 2, used: 0, remaining: 2 } },
        },
      ]);
    });

    it.each([
      ['cancelled', always, 'cancelled'],
      ['suspended', always, 'suspended'],
      ['not_started', future, null],
      ['expired', ended, null],
    ] as const)('%s, which is not valid, and what helps', async (code, terms, status) => {
      const { verify, set } = await hold(terms);
      if (status) await set(status);
      const verdict = await verify();
      expect(verdict).toMatchObject({ valid: false, code, licenses: [{ valid: false, code, status: status ?? 'valid' }] });
      expect(verdict.reasons).toEqual([{ code, detail: verdict.detail, remedy: expect.stringMatching(/\w{4}/) }]);
    });

    it('valid_in_grace, which is valid, and what helps', async () => {
      const terms = inGrace();
      const verdict = await (await hold(terms)).verify();
      expect(verdict).toMatchObject({
        valid: true,
        code: 'valid_in_grace',
        licenses: [{ valid: true, code: 'valid_in_grace', expires_at: terms.expires_at }],
      });
      expect(verdict.reasons).toEqual([{ code: 'valid_in_grace', detail: verdict.detail, remedy: expect.stringMatching(/Renew/) }]);
      expect(Date.parse(verdict.licenses[0].grace_until)).toBe(Date.parse(terms.expires_at) + 7 * day);
    });

    it('not_activated, of an instance without a seat', async () => {
      const { verify, activate } = await hold(always);
      await activate('site-1');
      const verdict = await verify({ instance_id: 'site-2' });
      expect(verdict).toMatchObject({
        valid: false,
        code: 'not_activated',
        activation: null,
        licenses: [{ valid: false, code: 'not_activated' }],
      });
      expect(verdict.reasons).toEqual([{ code: 'not_activated', detail: verdict.detail, remedy: expect.stringMatching(/Activate/) }]);
    });

    it('valid and which seat, of an instance that has one', async () => {
      const { verify, activate } = await hold(always);
      const { activation } = (await activate('site-1')) as any;
      const { id, instance_id, activated_at } = activation;
      expect(await verify({ instance_id: 'site-1' })).toMatchObject({
        valid: true,
        code: 'valid',
        activation: { id, instance_id, activated_at },
      });
      expect((await verify()).activation).toBeNull();
    });

    it('product_mismatch, of a product that the key does not unlock', async () => {
      const { verify } = await hold(always);
      const verdict = await verify({ product_code: 'addon' });
      expect(verdict).toMatchObject({ valid: false, code: 'product_mismatch', licenses: [], reasons: [{ code: 'product_mismatch' }] });
      expect(verdict.license_key).toMatch(/-…-/);
      expect(codesOf(await verify({ product_code: 'no such product' }))).toEqual(['product_mismatch', ['product_mismatch']]);
    });

    it('not_found, of a key that nobody has', async () => {
      const unknown = mintLicenseKey(world.licenseKey.split('-')[0]!);
      for (const license_key of [unknown, mintLicenseKey('NOBODY'), 'not a key']) {
        const verdict = ok(await world.ask('verify', { license_key }));
        expect(verdict).toMatchObject({ valid: false, code: 'not_found', license_key: null, licenses: [], activation: null });
        expect(verdict.reasons).toEqual([{ code: 'not_found', detail: verdict.detail, remedy: expect.stringMatching(/\w{4}/) }]);
      }
    });
  });

  describe('names the first reason, and all of them, in a fixed order:', () => {
    it.each([
      [['cancelled', 'expired'], ended, 'cancelled', {}],
      [['suspended', 'expired'], ended, 'suspended', {}],
      [['cancelled', 'not_started', 'not_activated'], future, 'cancelled', { instance_id: 'x' }],
      [['suspended', 'not_started'], future, 'suspended', {}],
      [['suspended', 'expired', 'not_activated'], ended, 'suspended', { instance_id: 'x' }],
      [['not_started', 'not_activated'], future, null, { instance_id: 'x' }],
      [['expired', 'not_activated'], ended, null, { instance_id: 'x' }],
    ])('%j', async (codes, terms, status, question) => {
      const { verify, set } = await hold(terms);
      if (status) await set(status);
      expect(codesOf(await verify(question))).toEqual([codes[0], codes]);
    });

    it('grace does not hide what refuses', async () => {
      const { verify, set } = await hold(inGrace());
      const unseated = await verify({ instance_id: 'x' });
      expect([unseated.valid, ...codesOf(unseated)]).toEqual([false, 'not_activated', ['valid_in_grace', 'not_activated']]);
      await set('suspended');
      expect(codesOf(await verify())).toEqual(['suspended', ['suspended', 'valid_in_grace']]);
    });
  });

  describe('over all licenses of a key', () => {
    const all = { product_code: undefined };

    it('is valid when one of them is, and tells each', async () => {
      const { verify, set, ids } = await hold(ended, { product_code: 'lite' }, { product_code: 'addon' });
      await set('suspended', 2);
      const verdict = await verify(all);
      expect([verdict.valid, ...codesOf(verdict)]).toEqual([true, 'valid', []]);
      const told = Object.fromEntries(verdict.licenses.map(({ id, valid, code }: any) => [id, [valid, code]]));
      expect(told).toEqual({ [ids[0]!]: [false, 'expired'], [ids[1]!]: [true, 'valid'], [ids[2]!]: [false, 'suspended'] });
    });

    it('is what the first reason says when none is', async () => {
      const { verify, set } = await hold(ended, { product_code: 'lite' });
      await set('suspended', 1);
      const verdict = await verify(all);
      expect([verdict.valid, ...codesOf(verdict)]).toEqual([false, 'suspended', ['suspended', 'expired']]);
    });

    it('is valid_in_grace when the only one that works is in its grace', async () => {
      const { verify, set } = await hold(inGrace(), { product_code: 'lite' });
      await set('cancelled', 1);
      const verdict = await verify(all);
      expect([verdict.valid, ...codesOf(verdict)]).toEqual([true, 'valid_in_grace', ['valid_in_grace']]);
    });

    it('is valid for an instance that has a seat of any of them', async () => {
      const { verify, activate } = await hold(always, { product_code: 'lite' });
      await activate('site-1', 'lite');
      const verdict = await verify({ ...all, instance_id: 'site-1' });
      expect(verdict).toMatchObject({ valid: true, code: 'valid', activation: { instance_id: 'site-1' } });
      expect(codesOf(await verify({ ...all, instance_id: 'site-2' }))).toEqual(['not_activated', ['not_activated']]);
      expect(codesOf(await verify({ product_code: 'pro', instance_id: 'site-1' }))).toEqual(['not_activated', ['not_activated']]);
    });

    it('is about the license that lives, where an earlier one of the product was cancelled', async () => {
      const { verify, set, key } = await hold(always);
      await set('cancelled');
      expect((await verify()).code).toBe('cancelled');
      const { licenses } = ok(await world.provision({ license_key: key, licenses: [always] }));
      expect(await verify()).toMatchObject({ code: 'valid', licenses: [{ id: licenses[0].id }] });
      expect((await verify(all)).licenses).toHaveLength(2);
    });
  });

  describe('of the older form, GET,', () => {
    const get = (key: string) => service.call({ path: `/v1/licenses/${encodeURIComponent(key)}` });
    const timeless = ({ checked_at: _, refresh_after: __, ...verdict }: any) => verdict;

    it('is the same, over all licenses of the key', async () => {
      const { verify, key } = await hold(ended, { product_code: 'lite' });
      const answer = await get(key);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expectDocumented(documented.get('verifyLicense')!, answer);
      expect(timeless(answer.body)).toEqual(timeless(await verify({ product_code: undefined })));
    });

    it('hears the key however it is written, and no key that is none', async () => {
      for (const key of [world.licenseKey.toLowerCase(), world.licenseKey.replaceAll('-', ''), world.licenseKey.replaceAll('-', ' ')])
        expect(await get(key)).toMatchObject({ status: 200, body: { code: 'valid' } });
      for (const key of [world.licenseKey.slice(0, -1), `${world.licenseKey}0`])
        expect(await get(key)).toMatchObject({ status: 200, body: { code: 'not_found' } });
    });

    it('is not what a POST becomes that a proxy redirected: nothing is decided', async () => {
      for (const path of ['verify', 'activate', 'deactivate', 'x']) expect(await get(path)).toMatchObject({ status: 401 });
    });

    it('answers about one product and one instance, if asked', async () => {
      const ask = (query: string) => service.call({ path: `/v1/licenses/${world.licenseKey}?${query}` });
      expect((await ask('product_code=other')).body.code).toBe('product_mismatch');
      expect((await ask('product_code=pro&instance_id=nobody')).body.code).toBe('not_activated');
      expect(await ask('product=pro')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    });

    it('is not for ids: they need an API key', async () => {
      expect(await get(world.licenseId)).toMatchObject({ status: 401 });
      expect(await world.call({ path: `/v1/licenses/${world.licenseId}` })).toMatchObject({ status: 200, body: { id: world.licenseId } });
    });

    it('leaves no key in the log', () => {
      expect(service.logged.filter((line) => line.includes('"route":"/v1/licenses/:key')).length).toBeGreaterThan(5);
      expect(
        service.logged.filter((line) => /[A-Z0-9]{2,10}(-?[0-9A-Z]{5}){6}/i.test(line.replaceAll(/"(req_\w+|[0-9a-f]{32})"/g, ''))),
      ).toEqual([]);
    });
  });

  it('does not mind how the key was typed', async () => {
    const { licenseKey } = world;
    const typings = [
      licenseKey.toLowerCase(),
      licenseKey.replaceAll('-', ''),
      ` ${licenseKey.replaceAll('-', ' - ')} `,
      licenseKey.replaceAll('0', 'O').replaceAll('1', 'I'),
      licenseKey.replaceAll('0', 'o').replaceAll('1', 'l'),
    ];
    for (const license_key of typings) expect(ok(await world.ask('verify', { license_key })).code).toBe('valid');
  });

  it('names nobody: no e-mail address, no name, no brand, no whole key', async () => {
    const { verify, key, activate } = await hold({ ...always, metadata: { note: 'private-note' } });
    await world.ask('activate', {
      license_key: key,
      instance_id: 'site-1',
      instance_name: 'Private Shop',
      metadata: { at: 'private-place' },
    });
    await activate('site-2');
    const bodies = [await verify({ instance_id: 'site-1' }), await verify(), await verify({ product_code: 'addon' })];
    const { slug, brandId, email } = world;
    for (const text of bodies.map((body) => JSON.stringify(body)))
      for (const hidden of [email, '@', slug, brandId, 'Brand', 'rivate', key, 'metadata', 'site-2']) expect(text).not.toContain(hidden);
    expect(bodies[0].license_key).toBe(key.replace(/-.*-/, '-…-'));
  });

  it('never takes a seat, and changes nothing', async () => {
    const { verify } = await hold({ ...always, seat_limit: 1 });
    const rows = async () =>
      (
        await service.owner.query(
          'select (select count(*) from activations), (select count(*) from outbox_events), (select sum(version) from licenses)',
        )
      ).rows;
    const before = await rows();
    for (let i = 0; i < 5; i++)
      expect(await verify({ instance_id: `site-${i}` })).toMatchObject({ licenses: [{ seats: { used: 0, remaining: 1 } }] });
    expect(await rows()).toEqual(before);
  });

  describe('is to be asked for again', () => {
    const after = ({ checked_at, refresh_after }: any) => Date.parse(refresh_after) - Date.parse(checked_at);

    it('after a day; by whoever was refused, and may have paid meanwhile, after five minutes', async () => {
      const fiveMinutes = 300_000;
      expect(after(await (await hold(always)).verify())).toBe(day);
      expect(after(await (await hold(ended)).verify())).toBe(fiveMinutes);
      expect(after(ok(await world.ask('verify', { license_key: 'none' })))).toBe(fiveMinutes);
    });

    it.each([
      ['the license ends', () => ({ product_code: 'pro', expires_at: inDays(0.1) }), 'expires_at'],
      ['it starts', () => ({ product_code: 'pro', starts_at: inDays(0.002), expires_at: inDays(3) }), 'starts_at'],
      ['its grace ends', () => ({ product_code: 'pro', expires_at: inDays(-6.5) }), 'grace_until'],
    ])('sooner, when %s', async (_, terms, turn) => {
      const verdict = await (await hold(terms())).verify();
      expect(verdict.refresh_after).toBe(verdict.licenses[0][turn]);
    });

    it('at the first turn of any license that it is about', async () => {
      const { verify } = await hold({ product_code: 'pro', expires_at: inDays(0.5) }, { product_code: 'lite', expires_at: inDays(0.25) });
      const told = await verify({ product_code: undefined });
      expect(told.refresh_after).toBe(told.licenses.find(({ product_code }: any) => product_code === 'lite').expires_at);
      const pro = await verify();
      expect(pro.refresh_after).toBe(pro.licenses[0].expires_at);
    });

    it('at the very turn, the other way', async () => {
      const { verify } = await hold({ product_code: 'lite', expires_at: inDays(1) });
      expect((await verify({ product_code: 'lite' })).code).toBe('valid');
      service.travel(1);
      expect((await verify({ product_code: 'lite' })).code).toBe('expired');
      service.travel(-1);
    });
  });
});
