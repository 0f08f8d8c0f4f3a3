import { StripeFake } from '../../libs/stripe-fake';
import { parsePublicId } from '../../libs/kernel/id';
import { mintLicenseKey } from '../../libs/license-key/license-key';
import { type Answer, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { expectProblem } from './contract';

const account = {
  stripe_secret_key: 'sk_test_latchkey_legacy',
  publishable_key: 'pk_test_latchkey_legacy',
  webhook_secret: 'whsec_latchkey_legacy',
  allowed_hosts: ['shop.example'],
  links: { terms: 'https://shop.example/terms' },
};
const monthly = { code: 'monthly', name: 'Monthly', interval: 'month', stripe_price_id: 'price_monthly', trial_days: 14 };
const places = { success_url: 'https://shop.example/thanks', cancel_url: 'https://shop.example/pricing' };

describe('The older API', () => {
  let stripe: StripeFake;
  let service: TestService;
  /** The brand that the older clients belong to, and another one. */
  let world: BrandWorld;
  let stranger: BrandWorld;
  beforeAll(async () => {
    stripe = await StripeFake.start();
    stripe.account(account.stripe_secret_key).delivery = 'held';
    service = await startTestService({ STRIPE_FAKE_URL: stripe.url, LEGACY_BRAND: 'brand-1' });
    world = await createBrandWorld(service);
    stranger = await createBrandWorld(service, { product: 'theirs' });
    ok(await world.call({ method: 'PUT', path: `/v1/brands/${world.slug}/billing-account`, body: account }));
    const plan = { ...monthly, grants: [{ product_code: world.product, seats: 1 }], price: { amount: 1000, currency: 'usd' } };
    ok(await world.call({ path: `/v1/brands/${world.slug}/plans`, body: plan }));
  });
  afterAll(() => Promise.all([service.stop(), stripe.stop()]));

  let customers = 0;
  /** A key with licenses of its own. */
  async function aKey(...licenses: object[]): Promise<{ key: string; ids: string[] }> {
    const body = {
      customer_email: `john${++customers}@example.com`,
      licenses: licenses.map((one) => ({ product_code: world.product, ...one })),
    };
    const { license_key, licenses: given } = ok(await world.provision(body));
    return { key: license_key.key, ids: given.map(({ id }: { id: string }) => id) };
  }
  const validate = (body: object) => service.call({ path: '/api/license/validate', body });
  const deactivate = (body: object) => service.call({ path: '/api/license/deactivate', body });
  const seatsOf = async (id: string): Promise<string[]> =>
    ok(await world.call({ path: `/v1/licenses/${id}/activations` })).data.map((one: { instance_id: string }) => one.instance_id);
  const license = async (id: string) => ok(await world.call({ path: `/v1/licenses/${id}` }));

  describe('validates a license', () => {
    it.each([
      ['snake case', (key: string) => ({ license_key: key, machine_id: 'm-1', product_code: 'pro' })],
      ['camel case', (key: string) => ({ licenseKey: key, machineId: 'm-1', productCode: 'pro' })],
      ['short names', (key: string) => ({ key, hwid: 'm-1', product: 'pro' })],
      [
        'the names of plugins',
        (key: string) => ({ license_key: key.toLowerCase(), instance_id: 'm-1', version: '1.2', nested: { un: 'known' } }),
      ],
      ['empty texts beside', (key: string) => ({ license_key: '', licenseKey: key, machine_id: null, machineId: 'm-1', product: ' ' })],
    ])('and activates it, asked in %s', async (_, bodyOf) => {
      const { key, ids } = await aKey({ seat_limit: 2, expires_at: '2099-01-01T00:00:00Z' });
      const answer = await validate(bodyOf(key));
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        ...{ valid: true, status: 'valid', message: 'The license is valid.', expires_at: '2099-01-01T00:00:00.000Z', product: 'pro' },
        ...{ seats: { limit: 2, used: 1 }, license: expect.stringMatching(/^B1X-…-\w{5}$/) },
      });
      expect(await seatsOf(ids[0]!)).toEqual(['m-1']);
      expect(await validate(bodyOf(key))).toMatchObject({ body: answer.body });
    });

    it('and takes no seat when no machine is named', async () => {
      const { key, ids } = await aKey({});
      expect(await validate({ key })).toMatchObject({ status: 200, body: { valid: true, status: 'valid', seats: { used: 0 } } });
      expect(await seatsOf(ids[0]!)).toEqual([]);
    });

    it('of the product that can be used, when none is named', async () => {
      ok(await world.createProduct({ code: 'lite', seat_limit: 3 }));
      const { key, ids } = await aKey({ expires_at: '2020-01-01T00:00:00Z' }, { product_code: 'lite' });
      expect(await validate({ key, machine_id: 'm' })).toMatchObject({ body: { valid: true, product: 'lite' } });
      expect(await deactivate({ key, machine_id: 'm' })).toMatchObject({ body: { success: true, deactivated: true } });
      expect(await seatsOf(ids[1]!)).toEqual([]);
      expect(await validate({ key, machine_id: 'm', product: 'pro' })).toMatchObject({
        body: { valid: false, status: 'expired', product: 'pro' },
      });
    });

    it('that cannot be used, and says why', async () => {
      const expired = await aKey({ expires_at: '2020-01-01T00:00:00Z' });
      expect(await validate({ key: expired.key, machine_id: 'm' })).toMatchObject({
        status: 200,
        body: { valid: false, status: 'expired', expires_at: '2020-01-01T00:00:00.000Z', product: 'pro' },
      });
      const suspended = await aKey({});
      ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${suspended.ids[0]}/status`, body: { status: 'suspended' } }));
      expect(await validate({ key: suspended.key, machine_id: 'm' })).toMatchObject({
        status: 200,
        body: { valid: false, status: 'suspended' },
      });
      expect(await validate({ key: suspended.key, product: 'lite' })).toMatchObject({ body: { valid: false, status: 'product_mismatch' } });
      for (const { ids } of [expired, suspended]) expect(await seatsOf(ids[0]!)).toEqual([]);
    });

    it('and does not know a key of another brand, one that was never issued, or what is none', async () => {
      const answers = await Promise.all(
        [stranger.licenseKey, mintLicenseKey('B1X'), 'no key', 'x'.repeat(200)].map((key) => validate({ key, machine_id: 'm' })),
      );
      for (const { status, body } of answers) {
        expect({ status, body }).toEqual({
          status: 200,
          body: {
            ...{ valid: false, status: 'not_found', message: 'There is no such license key.' },
            ...{ expires_at: null, product: null, seats: null, license: null },
          },
        });
      }
      expect(ok(await stranger.call({ path: `/v1/licenses/${stranger.licenseId}` }))).toMatchObject({ seats: { used: 0 } });
    });

    it('not without a key, nor for a machine that is no text', async () => {
      expectProblem(await validate({ machine_id: 'm' }), 400, 'invalid_request', '/license_key');
      expectProblem(await validate({ key: 'k', machineId: 7 }), 400, 'invalid_request', '/machine_id');
      expectProblem(await validate(['k']), 400, 'invalid_request');
    });

    it('and never says "invalid" when it could not decide', async () => {
      const { key } = await aKey({ seat_limit: 1 });
      ok(await validate({ key, machine_id: 'a' }));
      await service.owner.query('alter table activations rename to activations_away');
      try {
        const answer = await validate({ key, machine_id: 'b' });
        expect(answer.status).toBeGreaterThanOrEqual(500);
        expect(answer.body).not.toHaveProperty('valid');
      } finally {
        await service.owner.query('alter table activations_away rename to activations');
      }
      expect(await validate({ key, machine_id: 'a' })).toMatchObject({ body: { valid: true } });
    });
  });

  describe('lets one machine at a time use a license with one seat', () => {
    it('the one that came last', async () => {
      const { key, ids } = await aKey({ seat_limit: 1 });
      for (const machine of ['a', 'b', 'a', 'c']) {
        expect(await validate({ key, machine_id: machine })).toMatchObject({ body: { valid: true, seats: { limit: 1, used: 1 } } });
        expect(await seatsOf(ids[0]!)).toEqual([machine]);
      }
    });

    it('also when twenty come at once', async () => {
      const { key, ids } = await aKey({ seat_limit: 1 });
      const { version } = await license(ids[0]!);
      const machines = Array.from({ length: 20 }, (_, n) => `machine-${n}`);
      const seen: number[] = [];
      let isOver = false;
      const watching = (async () => {
        while (!isOver) seen.push((await livingSeats(ids[0]!)).length);
      })();
      const answers = await Promise.all(machines.map((machine_id) => validate({ key, machine_id })));
      isOver = true;
      await watching;
      expect(answers.map(({ status }) => status)).toEqual(machines.map(() => 200));
      expect(new Set(answers.map(({ body }) => body.status))).toContain('valid');
      for (const { body } of answers) expect(['valid', 'not_activated']).toContain(body.status);
      expect(Math.max(...seen)).toBe(1);
      const [last, ...others] = await livingSeats(ids[0]!);
      expect(others).toEqual([]);
      expect(await license(ids[0]!)).toMatchObject({ seats: { used: 1 }, version: version + 1 + 2 * 19 });
      expect(await validate({ key, machine_id: last })).toMatchObject({ body: { valid: true } });
    });

    it('and sends nobody away where a license has more seats', async () => {
      const { key, ids } = await aKey({ seat_limit: 2 });
      for (const machine of ['a', 'b']) ok(await validate({ key, machine_id: machine }));
      expect(await validate({ key, machine_id: 'c' })).toMatchObject({
        status: 200,
        body: { valid: false, status: 'seat_limit_reached', seats: { limit: 2, used: 2 } },
      });
      expect((await seatsOf(ids[0]!)).sort()).toEqual(['a', 'b']);
    });

    it('and leaves the seat to whoever has it when the license cannot be used', async () => {
      const { key, ids } = await aKey({ seat_limit: 1 });
      ok(await validate({ key, machine_id: 'a' }));
      ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${ids[0]}/status`, body: { status: 'suspended' } }));
      expect(await validate({ key, machine_id: 'b' })).toMatchObject({ body: { valid: false, status: 'suspended' } });
      expect(await seatsOf(ids[0]!)).toEqual(['a']);
    });

    const livingSeats = async (id: string): Promise<string[]> => {
      const sql = 'select instance_id from activations where license_id = $1 and deactivated_at is null';
      const { rows } = await service.owner.query<{ instance_id: string }>(sql, [parsePublicId('license', id)]);
      return rows.map((row) => row.instance_id);
    };
  });

  describe('gives a seat back', () => {
    it('once, in either spelling', async () => {
      const { key, ids } = await aKey({ seat_limit: 2 });
      for (const machine of ['a', 'b']) ok(await validate({ key, machine_id: machine }));
      expect(await deactivate({ license_key: key, machine_id: 'a' })).toMatchObject({
        status: 200,
        body: { success: true, deactivated: true },
      });
      expect(await deactivate({ license_key: key, machine_id: 'a' })).toMatchObject({ body: { success: true, deactivated: false } });
      expect(await deactivate({ licenseKey: key, machineId: 'b', productCode: 'pro' })).toMatchObject({ body: { deactivated: true } });
      expect(await seatsOf(ids[0]!)).toEqual([]);
    });

    it('of no key of another brand, and of no machine that is not named', async () => {
      ok(await stranger.ask('activate'));
      expect(await deactivate({ key: stranger.licenseKey, machine_id: 'site-1' })).toMatchObject({
        body: { success: false, deactivated: false },
      });
      expect(ok(await stranger.call({ path: `/v1/licenses/${stranger.licenseId}` }))).toMatchObject({ seats: { used: 1 } });
      expectProblem(await deactivate({ key: stranger.licenseKey }), 400, 'invalid_request', '/machine_id');
    });
  });

  describe('sells', () => {
    it('what pages read', async () => {
      const [config, plans] = await Promise.all(['config', 'plans'].map((name) => service.call({ path: `/api/public/${name}` })));
      expect(config!.body).toEqual({ publishableKey: account.publishable_key, brand: 'brand-1', name: 'Brand 1', links: account.links });
      expect(plans!.body).toEqual({
        plans: [{ code: 'monthly', name: 'Monthly', interval: 'month', price: { amount: 1000, currency: 'usd' }, trialDays: 14 }],
      });
      for (const { headers } of [config!, plans!]) expect(headers.get('access-control-allow-origin')).toBe('*');
    });

    it.each([
      ['snake case', { plan_code: 'monthly', quantity: 2, email: 'jane@example.com', ...places }],
      ['camel case', { planCode: 'monthly', successUrl: places.success_url, cancelUrl: places.cancel_url, source: 'plugin' }],
      ['short names', { plan: 'monthly', ...places }],
    ])('by a checkout, asked for in %s', async (_, body) => {
      const answer = await service.call({ path: '/api/checkout/session', body });
      expect(answer).toMatchObject({ status: 200, body: { id: expect.stringMatching(/^cs_/), url: expect.stringMatching(/^http/) } });
      expect(Object.keys(answer.body)).toEqual(['id', 'url']);
    });

    it('nothing that leads elsewhere or does not exist', async () => {
      const open = (body: object) => service.call({ path: '/api/checkout/session', body: { plan: 'monthly', ...places, ...body } });
      expectProblem(await open({ success_url: 'https://elsewhere.example/' }), 422, 'host_not_allowed', '/success_url');
      expectProblem(await open({ cancel_url: 'nowhere' }), 400, 'invalid_request', '/cancel_url');
      expectProblem(await open({ plan: 'weekly' }), 404, 'plan_not_found');
    });
  });

  describe('takes events of Stripe', () => {
    const events = async () =>
      (await service.owner.query<{ count: number }>('select count(*)::int as count from stripe_events')).rows[0]!.count;
    const send = (body: string, signature?: string): Promise<Answer> =>
      service.call({ path: '/api/stripe/webhook', body, headers: signature === undefined ? {} : { 'stripe-signature': signature } });

    it('that are signed, once', async () => {
      const fake = stripe.account(account.stripe_secret_key);
      await fake.createSubscription({ email: 'jane@example.com', price: 'price_monthly' });
      const { body, header } = fake.signed(fake.events[0]!, account.webhook_secret);
      const before = await events();
      for (let i = 0; i < 2; i++) expect(await send(body, header)).toMatchObject({ status: 200, body: { received: true } });
      expect(await events()).toBe(before + 1);
    });

    it('and no others', async () => {
      const fake = stripe.account(account.stripe_secret_key);
      const { body, header } = fake.signed(fake.events[0]!, 'whsec_latchkey_other');
      const before = await events();
      expectProblem(await send(body, header), 400, 'signature_refused');
      expectProblem(await send(body), 400, 'signature_refused');
      expect(await events()).toBe(before);
    });
  });
});

it('The older API is not there when no brand is named for it', async () => {
  const service = await startTestService();
  try {
    const { licenseKey } = await createBrandWorld(service);
    const posts = ['license/validate', 'license/deactivate', 'checkout/session', 'stripe/webhook'];
    const answers = [
      ...posts.map((path) => service.call({ path: `/api/${path}`, body: { license_key: licenseKey, machine_id: 'm' } })),
      ...['public/config', 'public/plans'].map((path) => service.call({ path: `/api/${path}` })),
    ];
    for (const answer of await Promise.all(answers)) expectProblem(answer, 404, 'route_not_found');
  } finally {
    await service.stop();
  }
});
