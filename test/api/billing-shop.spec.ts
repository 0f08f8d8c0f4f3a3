import { StripeFake } from '../../libs/stripe-fake';
import { newId, publicId } from '../../libs/kernel/id';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { demoText, seedDemo } from '../../src/demo';
import { expectProblem } from './contract';

const monthly = {
  code: 'pro_monthly',
  name: 'Pro, monthly',
  grants: [{ product_code: 'pro', seats: 3 }],
  interval: 'month',
  stripe_price_id: 'price_monthly',
  price: { amount: 1000, currency: 'USD' },
};
let accounts = 0;

describe('The shop of a brand', () => {
  let service: TestService;
  let stripe: StripeFake;
  let world: BrandWorld;
  let account: { stripe_secret_key: string; publishable_key: string; webhook_secret: string; allowed_hosts: string[] };
  beforeAll(async () => {
    stripe = await StripeFake.start();
    service = await startTestService({ STRIPE_FAKE_URL: stripe.url });
  });
  beforeEach(async () => {
    stripe.fault = null;
    world = await createBrandWorld(service);
    const number = ++accounts;
    account = {
      stripe_secret_key: `sk_test_latchkey_${number}f00d`,
      publishable_key: `pk_test_latchkey_${number}`,
      webhook_secret: `whsec_latchkey_${number}`,
      allowed_hosts: ['shop.example', 'localhost:8080'],
    };
  });
  afterAll(() => Promise.all([service.stop(), stripe.stop()]));

  const path = (rest: string, brand = world) => `/v1/brands/${brand.slug}/${rest}`;
  const createPlan = (body: object = {}) => world.call({ path: path('plans'), body: { ...monthly, ...body } });
  const patchPlan = (plan: string, body: object) => world.call({ method: 'PATCH', path: path(`plans/${plan}`), body });
  const readPlan = (plan: string) => world.call({ path: path(`plans/${plan}`) });
  const offers = async () => ok(await service.call({ path: path('plans') })).data;
  const setAccount = (body: object = account) => world.call({ method: 'PUT', path: path('billing-account'), body });
  const readAccount = () => world.call({ path: path('billing-account') });
  const facts = async (type: string) =>
    (
      await service.owner.query<{ data: any }>(
        'select data from outbox_events where type = $1 and brand_id = (select id from brands where slug = $2) order by position',
        [type, world.slug],
      )
    ).rows.map(({ data }) => data);

  describe('has plans', () => {
    it('that begin for sale, and can be read by id and code', async () => {
      const plan = ok(await createPlan({ description: 'All of it', trial_days: 14 }));
      expect(plan).toMatchObject({
        ...{ code: 'pro_monthly', brand_id: world.brandId, description: 'All of it', interval: 'month', trial_days: 14, grace_days: 7 },
        ...{ grants: [{ product_code: 'pro', seats: 3, entitlements: null }], price: { amount: 1000, currency: 'usd' } },
        ...{ stripe_price_id: 'price_monthly', former_stripe_price_ids: [], status: 'active', version: 1 },
      });
      expect(plan.id).toMatch(/^pln_/);
      for (const name of [plan.id, plan.code]) expect(ok(await readPlan(name))).toEqual(plan);
      expect(await facts('plan.created')).toMatchObject([{ id: plan.id, code: 'pro_monthly' }]);
    });

    it('that change for who buys from now on; a price that is replaced stays known, and archived ones can be read', async () => {
      const { id } = ok(await createPlan());
      const grants = [{ product_code: world.productId, seats: null, entitlements: { sites: 3 } }];
      const changed = ok(await patchPlan('pro_monthly', { stripe_price_id: 'price_dearer', price: null, grants, status: 'archived' }));
      expect(changed).toMatchObject({
        ...{ id, stripe_price_id: 'price_dearer', former_stripe_price_ids: ['price_monthly'], price: null, status: 'archived', version: 2 },
        grants: [{ product_code: 'pro', seats: null, entitlements: { sites: 3 } }],
      });
      expect(ok(await readPlan(id))).toEqual(changed);
      expect(await offers()).toEqual([]);
      expect(await facts('plan.updated')).toMatchObject([{ id, version: 2, status: 'archived' }]);
      ok(await patchPlan('pro_monthly', { status: 'archived' }));
      expect(await facts('plan.updated')).toHaveLength(1);
    });

    it('that are listed to whoever runs the shop, newest first, archived ones too', async () => {
      const codes = ['a', 'b', 'c'];
      for (const code of codes) ok(await createPlan({ code, stripe_price_id: null }));
      ok(await patchPlan('a', { status: 'archived' }));
      const first = ok(await world.call({ path: path('all-plans?limit=2') }));
      const second = ok(await world.call({ path: path(`all-plans?limit=2&cursor=${first.next_cursor}`) }));
      expect([...first.data, ...second.data].map(({ code }: any) => code)).toEqual(['c', 'b', 'a']);
      expect([first.has_more, second.has_more]).toEqual([true, false]);
    });

    it.each([
      ['a code of another', { stripe_price_id: null }, 409, 'plan_code_taken', null],
      ['a price of another', { code: 'other' }, 409, 'price_taken', null],
      [
        'a product that is not there',
        {
          code: 'other',
          grants: [
            { product_code: 'pro', seats: 1 },
            { product_code: 'no', seats: 1 },
          ],
        },
        404,
        'product_not_found',
        '/grants/1/product_code',
      ],
      [
        'a product twice',
        {
          code: 'o',
          grants: [
            { product_code: 'pro', seats: 1 },
            { product_code: 'pro', seats: 2 },
          ],
        },
        400,
        'plan_not_possible',
        '/grants/1/product_code',
      ],
      ['a trial of what is for life', { code: 'o', interval: 'lifetime', trial_days: 1 }, 400, 'plan_not_possible', '/trial_days'],
      ['no grace for a renewal', { code: 'o', grace_days: 0 }, 400, 'plan_not_possible', '/grace_days'],
      ['too long a trial', { code: 'o', trial_days: 731 }, 400, 'invalid_request', '/trial_days'],
      ['too long a grace', { code: 'o', grace_days: 366 }, 400, 'invalid_request', '/grace_days'],
      ['no grants', { code: 'o', grants: [] }, 400, 'invalid_request', '/grants'],
      ['21 grants', { code: 'o', grants: Array(21).fill({ product_code: 'pro', seats: 1 }) }, 400, 'invalid_request', '/grants'],
      ['no word of seats', { code: 'o', grants: [{ product_code: 'pro' }] }, 400, 'invalid_request', '/grants/0/seats'],
      ['no seats', { code: 'o', grants: [{ product_code: 'pro', seats: 0 }] }, 400, 'invalid_request', '/grants/0/seats'],
      ['too many seats', { code: 'o', grants: [{ product_code: 'pro', seats: 1_000_001 }] }, 400, 'invalid_request', '/grants/0/seats'],
      ['a product of Stripe for a price', { code: 'o', stripe_price_id: 'prod_1' }, 400, 'invalid_request', '/stripe_price_id'],
      ['an interval of another kind', { code: 'o', interval: 'week' }, 400, 'invalid_request', '/interval'],
      ['a currency that is none', { code: 'o', price: { amount: 1, currency: 'dollars' } }, 400, 'invalid_request', '/price/currency'],
      ['half a price', { code: 'o', price: { currency: 'usd' } }, 400, 'invalid_request', '/price/amount'],
      ['a code that looks like an id', { code: 'pln_1' }, 400, 'invalid_request', '/code'],
    ] as const)('but none with %s', async (_, body, status, code, pointer) => {
      ok(await createPlan());
      expectProblem(await createPlan(body), status, code, pointer ?? undefined);
      expect(ok(await world.call({ path: path('all-plans') })).data).toHaveLength(1);
    });

    it('whose rules hold for a change too', async () => {
      ok(await createPlan());
      ok(await createPlan({ code: 'forever', interval: 'lifetime', stripe_price_id: 'price_forever', grace_days: 0 }));
      expectProblem(await patchPlan('pro_monthly', { grace_days: 0 }), 400, 'plan_not_possible', '/grace_days');
      expectProblem(await patchPlan('forever', { trial_days: 7 }), 400, 'plan_not_possible', '/trial_days');
      expectProblem(await patchPlan('forever', { stripe_price_id: 'price_monthly' }), 409, 'price_taken');
      expectProblem(await patchPlan('forever', { code: 'ever' }), 400, 'invalid_request', '/code');
      expectProblem(await patchPlan('nothing', { name: 'No' }), 404, 'plan_not_found');
      expectProblem(await readPlan(publicId('plan', newId())), 404, 'plan_not_found');
    });
  });

  describe('shows a pricing page', () => {
    it('what it sells, without any credential, from any origin, and for a few seconds', async () => {
      ok(await createPlan({ code: 'a', stripe_price_id: null, price: null }));
      ok(await createPlan({ code: 'b', trial_days: 7, description: 'B' }));
      const answer = await service.call({ path: path('plans') });
      const products = [{ product_code: 'pro', seats: 3, entitlements: null }];
      const shown = { name: 'Pro, monthly', interval: 'month', products };
      expect(answer.body).toEqual({
        object: 'list',
        data: [
          { code: 'a', description: null, trial_days: 0, price: null, ...shown },
          { code: 'b', description: 'B', trial_days: 7, price: { amount: 1000, currency: 'usd' }, ...shown },
        ],
        has_more: false,
        next_cursor: null,
      });
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('cache-control')).toBe('public, max-age=5');
    });

    it('up to a hundred of them', async () => {
      await service.owner.query(
        `insert into plans select b.id, gen_random_uuid(), 'p' || n, 'P', null, '[]', 'month', 0, 7, null, '{}', null, 'active', 1, now(), now()
           from brands b, generate_series(1, 101) n where slug = $1`,
        [world.slug],
      );
      expect(await offers()).toHaveLength(100);
    });

    it('whose it is, with its key for Stripe as soon as there is one', async () => {
      const config = () => service.call({ path: path('config') });
      const bare = await config();
      const shown = { brand: world.slug, name: expect.stringMatching(/^Brand/), plans_url: `/v1/brands/${world.slug}/plans` };
      expect(bare.body).toEqual({ ...shown, publishable_key: null, links: {} });
      expect(bare.headers.get('access-control-allow-origin')).toBe('*');
      expect(bare.headers.get('cache-control')).toBe('public, max-age=5');
      const links = { terms: 'https://shop.example/terms' };
      ok(await setAccount({ ...account, links }));
      expect((await config()).body).toEqual({ ...shown, publishable_key: account.publishable_key, links });
      expect(await service.call({ path: `/v1/brands/${world.brandId}/config` })).toMatchObject({ status: 200 });
    });

    it('nothing of a brand that is not there or is suspended; the page may read why, and nobody keeps it', async () => {
      ok(await world.operate({ method: 'PATCH', path: `/v1/brands/${world.slug}`, body: { status: 'suspended' } }));
      for (const name of ['plans', 'config']) {
        const [suspended, nobody] = [await service.call({ path: path(name) }), await service.call({ path: `/v1/brands/nobody/${name}` })];
        expectProblem(suspended, 403, 'brand_suspended');
        expectProblem(nobody, 404, 'brand_not_found');
        for (const { headers } of [suspended, nobody]) {
          expect(headers.get('access-control-allow-origin')).toBe('*');
          expect(headers.get('cache-control')).toBe('no-store');
        }
      }
    });

    it('and no page anything else', async () => {
      const { headers } = await readAccount();
      expect([headers.get('access-control-allow-origin'), headers.get('cache-control')]).toEqual([null, 'no-store']);
    });
  });

  describe('has an account at Stripe', () => {
    it('that is set once and shows its ends alone, also to who set it and in the audit log', async () => {
      expectProblem(await readAccount(), 404, 'billing_not_set_up');
      const answer = await setAccount();
      expect(answer.body).toMatchObject({
        ...{ brand_id: world.brandId, livemode: false, stripe_secret_key: 'sk_test_…f00d', publishable_key: account.publishable_key },
        ...{ previous_webhook_secret_until: null, unreadable: false, allowed_hosts: account.allowed_hosts, links: {}, version: 1 },
      });
      expect(answer.body.webhook_secret).toBe(`whsec_…${account.webhook_secret.slice(-4)}`);
      expect((await readAccount()).body).toEqual(answer.body);
      const [row] = (await service.owner.query(`select * from billing_accounts where publishable_key = $1`, [account.publishable_key]))
        .rows;
      const logs = (await service.owner.query(`select before, after from audit_logs where action = 'billing_account.updated'`)).rows;
      const told = JSON.stringify([answer.body, row, logs, await facts('billing_account.updated'), service.logged]);
      for (const secret of [account.stripe_secret_key, account.webhook_secret]) {
        expect(told).not.toContain(secret);
        for (const bytes of [row.secret_key, row.webhook_secret]) expect(bytes.includes(secret)).toBe(false);
      }
      expect(logs.at(-1)).toMatchObject({ after: { livemode: false, allowed_hosts: account.allowed_hosts } });
    });

    it('of which everything may be changed alone', async () => {
      ok(await setAccount());
      const set = async (body: object) => ok(await setAccount(body));
      expect(await set({ allowed_hosts: ['Shop.example:443'] })).toMatchObject({ allowed_hosts: ['shop.example'], version: 2 });
      expect(await set({ links: { terms: 'https://shop.example/terms' } })).toMatchObject({ allowed_hosts: ['shop.example'], version: 3 });
      expect(await set({ publishable_key: 'pk_test_latchkey_other' })).toMatchObject({ version: 4, stripe_secret_key: 'sk_test_…f00d' });
      expect(await set({ stripe_secret_key: 'rk_test_51Qabcd1234' })).toMatchObject({ version: 5, stripe_secret_key: 'rk_test_…1234' });
      expect(await set({ stripe_secret_key: 'sk_live_51Qabcd5678', publishable_key: 'pk_live_51Qabcdefg' })).toMatchObject({
        livemode: true,
      });
      expect(await set({})).toMatchObject({ version: 6 });
    });

    it('whose webhook secret before is good for the overlap; the same one again ends no overlap', async () => {
      ok(await setAccount());
      const until = async (body: object) => {
        const { previous_webhook_secret_until: until } = ok(await setAccount(body));
        return until && (new Date(until).getTime() - Date.now()) / 3_600_000;
      };
      expect(await until({ webhook_secret: 'whsec_latchkey_next' })).toBeCloseTo(24, 1);
      expect(await until({ webhook_secret: 'whsec_latchkey_next', webhook_secret_overlap_seconds: 3600 })).toBeCloseTo(24, 1);
      expect(await until({ webhook_secret: 'whsec_latchkey_last', webhook_secret_overlap_seconds: 3600 })).toBeCloseTo(1, 1);
      const { headers: _, ...answer } = await setAccount({ webhook_secret: 'whsec_latchkey_x', webhook_secret_overlap_seconds: 604_801 });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    });

    it('that says so when its encryption key is gone, and may be set anew', async () => {
      ok(await setAccount());
      await service.owner.query(
        `update billing_accounts set secret_key = '\\x0001aabb', webhook_secret = '\\x0001aabb' where publishable_key = $1`,
        [account.publishable_key],
      );
      expect(ok(await readAccount())).toMatchObject({ stripe_secret_key: null, webhook_secret: null, unreadable: true });
      const { stripe_secret_key, webhook_secret } = account;
      const again = { stripe_secret_key, webhook_secret, webhook_secret_overlap_seconds: 0 };
      expect(ok(await setAccount(again))).toMatchObject({ stripe_secret_key: 'sk_test_…f00d', unreadable: false });
    });

    it.each([
      ['nothing the first time', {}, 422, ['/stripe_secret_key', '/publishable_key', '/webhook_secret']],
      [
        'one key the first time',
        { stripe_secret_key: 'sk_test_51Qabcdefg', publishable_key: 'pk_test_51Qabcdefg' },
        422,
        ['/webhook_secret'],
      ],
      [
        'keys of two modes',
        { stripe_secret_key: 'sk_live_51Qabcdefg', publishable_key: 'pk_test_51Qabcdefg', webhook_secret: 'whsec_51Qabcdefg' },
        422,
        ['/publishable_key'],
      ],
    ])('but none of %s', async (_, body, status, pointers) => {
      const answer = await setAccount(body);
      expectProblem(answer, status, 'billing_account_not_possible');
      expect(answer.body.errors.map(({ pointer }: any) => pointer)).toEqual(pointers);
      expectProblem(await readAccount(), 404, 'billing_not_set_up');
    });

    it('but none whose mode is changed by half', async () => {
      ok(await setAccount());
      const change = await setAccount({ stripe_secret_key: 'sk_live_51Qabcdefg' });
      expectProblem(change, 422, 'billing_account_not_possible', '/stripe_secret_key');
    });

    it.each([
      ['stripe_secret_key', 'pk_test_51Qabcdefg'],
      ['stripe_secret_key', 'sk_test_'],
      ['stripe_secret_key', 'sk_test_51Q abcdefg'],
      ['stripe_secret_key', null],
      ['publishable_key', 'sk_test_51Qabcdefg'],
      ['webhook_secret', 'sk_test_51Qabcdefg'],
      ['allowed_hosts', ['https://shop.example']],
      ['allowed_hosts', ['shop.example', 'SHOP.example']],
      ['allowed_hosts', Array.from({ length: 51 }, (_, number) => `shop-${number}.example`)],
      ['allowed_hosts', 'shop.example'],
      ['links', { terms: 'http://shop.example/' }],
      ['links', { terms: 'javascript:alert(1)' }],
      ['links', { 'a b': 'https://shop.example/' }],
      ['links', Object.fromEntries(Array.from({ length: 21 }, (_, number) => [`l${number}`, 'https://shop.example/']))],
    ])('nor one with this %s: %j', async (name, value) => {
      const answer = await setAccount({ ...account, [name]: value });
      expectProblem(answer, 400, 'invalid_request', `/${name}`);
      if (typeof value === 'string') expect(answer.text).not.toContain(value);
    });

    it('is set by whoever may, and not by every key that may sell', async () => {
      const { secret } = await world.issueKey(['billing:read', 'billing:write']);
      const answer = await service.call({ method: 'PUT', path: path('billing-account'), key: secret, body: account });
      expectProblem(answer, 403, 'scope_missing');
    });
  });

  describe('opens checkouts', () => {
    const addresses = {
      success_url: 'https://shop.example/thanks?session={CHECKOUT_SESSION_ID}',
      cancel_url: 'http://localhost:8080/pricing',
    };
    const open = (body: object = {}, headers: Record<string, string> = {}) =>
      world.call({ path: path('checkout-sessions'), body: { plan_code: 'pro_monthly', ...addresses, ...body }, headers });
    const keyed = (key: string) => ({ 'idempotency-key': key });
    const sessions = () => [...stripe.account(account.stripe_secret_key).sessions.values()];
    const asked = () => stripe.requests.filter(({ account: key }) => key === account.stripe_secret_key);
    const isReplay = ({ headers }: { headers: Headers }) => headers.get('idempotent-replayed') === 'true';
    beforeEach(async () => {
      ok(await setAccount());
      ok(await createPlan({ trial_days: 14 }));
    });

    it('at the price of the plan, noting what it is for, in the account of the brand', async () => {
      const answer = await open({ quantity: 2, customer_email: ' Jane@Example.com' });
      expect(answer).toMatchObject({ status: 201, body: { plan_code: 'pro_monthly', quantity: 2, expires_at: expect.any(String) } });
      const [session, ...others] = sessions();
      expect(others).toEqual([]);
      expect(answer.body).toMatchObject({ id: session!.id, url: expect.stringContaining(session!.id) });
      expect(session).toMatchObject({
        ...{
          mode: 'subscription',
          customer_email: 'jane@example.com',
          success_url: addresses.success_url,
          cancel_url: addresses.cancel_url,
        },
        metadata: { latchkey_plan: 'pro_monthly', latchkey_quantity: '2' },
      });
    });

    it('for what is paid once', async () => {
      ok(await createPlan({ code: 'forever', interval: 'lifetime', stripe_price_id: 'price_forever' }));
      expect(await open({ plan_code: 'forever' })).toMatchObject({ status: 201, body: { plan_code: 'forever', quantity: 1 } });
      expect(sessions()).toMatchObject([{ mode: 'payment' }]);
    });

    it('once for each key, and answers the same', async () => {
      const first = await open({}, keyed('order 1001'));
      const again = await open({}, keyed('"order 1001"'));
      expect([first.status, isReplay(first), again.status, isReplay(again)]).toEqual([201, false, 201, true]);
      expect(again.text).toBe(first.text);
      const other = await open({}, keyed('order 1002'));
      const bare = [await open(), await open()];
      expect(new Set([first, other, ...bare].map(({ body }) => body.id)).size).toBe(4);
      expect([other, ...bare].some(isReplay)).toBe(false);
      expect(sessions()).toHaveLength(4);
    });

    it('not for a key that asked for something else', async () => {
      ok(await open({}, keyed('k')));
      expectProblem(await open({ quantity: 2 }, keyed('k')), 422, 'idempotency_key_reused');
      expect(sessions()).toHaveLength(1);
    });

    it('with keys of its own for each credential and operation, telling Stripe none of them', async () => {
      const { secret } = await world.issueKey(['billing:write']);
      const mine = ok(await open({}, keyed('a secret of mine')));
      const theirs = ok(
        await service.call({
          path: path('checkout-sessions'),
          key: secret,
          body: { plan_code: 'pro_monthly', ...addresses },
          headers: keyed('a secret of mine'),
        }),
      );
      expect(theirs.id).not.toBe(mine.id);
      const keys = asked().map(({ idempotencyKey }) => idempotencyKey);
      expect(new Set(keys).size).toBe(2);
      for (const key of keys) expect(key).toMatch(/^latchkey_[0-9a-f]{64}$/);
    });

    it('and keeps no answer of them, nor a transaction open meanwhile', async () => {
      stripe.fault = 'hang';
      const waiting = open({}, keyed('k'));
      while (asked().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      const { rows } = await service.owner.query(
        `select state, query from pg_stat_activity where datname = current_database() and usename <> current_user and state like 'idle in transaction%'`,
      );
      expect(rows).toEqual([]);
      expectProblem(await waiting, 503, 'payment_provider_unavailable');
      expect((await service.owner.query('select 1 from idempotency_keys where route like $1', ['%checkout%'])).rows).toEqual([]);
    }, 15_000);

    it.each(['refuse', 'hang', 'lost', 'error500', 'error429', 'malformed'] as const)(
      'as soon as Stripe is well again, and no second one for the same key: %s',
      async (fault) => {
        const before = Date.now();
        stripe.fault = fault;
        const away = await open({}, keyed('k'));
        expect(Date.now() - before).toBeLessThan(10_000);
        expectProblem(away, 503, 'payment_provider_unavailable');
        expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(away.text).not.toContain(account.stripe_secret_key);
        stripe.fault = null;
        const first = ok(await open({}, keyed('k')));
        expect(ok(await open({}, keyed('k')))).toEqual(first);
        expect(sessions()).toHaveLength(1);
      },
      15_000,
    );

    it.each([
      ['a host that is not named', { success_url: 'https://evil.example/' }, 422, 'host_not_allowed', '/success_url'],
      ['another port', { cancel_url: 'http://localhost:3000/' }, 422, 'host_not_allowed', '/cancel_url'],
      ['plain HTTP', { success_url: 'http://shop.example/' }, 400, 'invalid_request', '/success_url'],
      ['credentials', { success_url: 'https://jane:x@shop.example/' }, 400, 'invalid_request', '/success_url'],
      ['a script', { cancel_url: 'javascript:alert(1)' }, 400, 'invalid_request', '/cancel_url'],
      [
        'a session where it is not known',
        { cancel_url: 'https://shop.example/{CHECKOUT_SESSION_ID}' },
        400,
        'invalid_request',
        '/cancel_url',
      ],
      [
        'an address of 2,001 characters',
        { success_url: `https://shop.example/${'a'.repeat(1_980)}` },
        400,
        'invalid_request',
        '/success_url',
      ],
      ['nobody’s address', { customer_email: 'jane' }, 400, 'invalid_request', '/customer_email'],
      ['nothing of it', { quantity: 0 }, 400, 'invalid_request', '/quantity'],
      ['more seats than a license may have', { quantity: 333_334 }, 422, 'quantity_not_possible', '/quantity'],
      ['a plan that is not there', { plan_code: 'nothing' }, 404, 'plan_not_found', null],
    ] as const)('but none with %s', async (_, body, status, code, pointer) => {
      expectProblem(await open(body), status, code, pointer ?? undefined);
      expect(asked()).toEqual([]);
    });

    it('but none of what is not sold, or not counted, or without an account', async () => {
      ok(await createPlan({ code: 'given', stripe_price_id: null }));
      ok(await createPlan({ code: 'all', stripe_price_id: 'price_all', grants: [{ product_code: 'pro', seats: null }] }));
      expectProblem(await open({ plan_code: 'given' }), 409, 'plan_not_sold');
      expectProblem(await open({ plan_code: 'all', quantity: 2 }), 422, 'quantity_not_possible', '/quantity');
      expect(await open({ plan_code: 'all' })).toMatchObject({ status: 201 });
      ok(await patchPlan('pro_monthly', { status: 'archived' }));
      expectProblem(await open(), 409, 'plan_not_sold');
      world = await createBrandWorld(service);
      ok(await createPlan());
      expectProblem(await open(), 404, 'billing_not_set_up');
    });
  });

  describe('opens the billing portal', () => {
    const open = (body: object = {}) =>
      world.call({ path: path('billing-portal-sessions'), body: { return_url: 'https://shop.example/account', ...body } });
    let customer: string;
    beforeEach(async () => {
      ok(await setAccount());
      const fake = stripe.account(account.stripe_secret_key);
      await fake.createSubscription({ email: 'jane@example.com', price: 'price_monthly' });
      [customer = ''] = [...fake.customers.keys()];
    });
    const remember = (id: string, email: string, daysAgo: number, linked: string | null = null) =>
      service.owner.query(
        `insert into billing_customers (brand_id, id, email, name, linked_email, followed, version, created_at, updated_at)
         select id, $2, $3, null, $4, true, 1, now() - $5 * interval '1 day', now() from brands where slug = $1`,
        [world.slug, id, email, linked, daysAgo],
      );

    it('for a customer as Stripe names him', async () => {
      const answer = await open({ customer_id: customer });
      expect(answer).toMatchObject({ status: 201, body: { url: expect.stringContaining(stripe.url) } });
      expect((await fetch(answer.body.url)).status).toBe(200);
    });

    it('once for each key', async () => {
      const keyed = (key: string) =>
        world.call({
          path: path('billing-portal-sessions'),
          body: { customer_id: customer, return_url: 'https://shop.example/account' },
          headers: { 'idempotency-key': key },
        });
      const [first, again, other] = [ok(await keyed('k')), ok(await keyed('k')), ok(await keyed('other'))];
      expect([again.url === first.url, other.url === first.url]).toEqual([true, false]);
    });

    it('for whoever bought with an address, of several the newest', async () => {
      await remember('cus_old', 'jane@example.com', 9);
      await remember(customer, 'jane@example.com', 1);
      await remember('cus_older', 'jane@example.com', 10);
      expect(await open({ customer_email: ' Jane@Example.com' })).toMatchObject({ status: 201 });
      const stranger = await createBrandWorld(service);
      [world] = [stranger];
      ok(await setAccount());
      expectProblem(await open({ customer_email: 'jane@example.com' }), 404, 'billing_customer_not_found');
    });

    it('but not for nobody, in the words of Stripe, nor back to anywhere', async () => {
      const unknown = await open({ customer_id: 'cus_nobody' });
      expectProblem(unknown, 409, 'checkout_refused');
      expect(unknown.body.detail).toContain('cus_nobody');
      expectProblem(await open({ customer_email: 'nobody@example.com' }), 404, 'billing_customer_not_found');
      expectProblem(await open(), 400, 'invalid_request', '');
      expectProblem(await open({ customer_id: customer, customer_email: 'jane@example.com' }), 400, 'invalid_request', '');
      expectProblem(await open({ customer_id: 'jane' }), 400, 'invalid_request', '/customer_id');
      expectProblem(await open({ customer_id: customer, return_url: 'https://evil.example/' }), 422, 'host_not_allowed', '/return_url');
    });

    it('as soon as there is an account, and Stripe is well', async () => {
      stripe.fault = 'error500';
      expectProblem(await open({ customer_id: customer }), 503, 'payment_provider_unavailable');
      world = await createBrandWorld(service);
      expectProblem(await open({ customer_id: customer }), 404, 'billing_not_set_up');
      expectProblem(await open({ customer_email: 'jane@example.com' }), 404, 'billing_not_set_up');
    });
  });
});

describe('The demo', () => {
  let service: TestService;
  let stripe: StripeFake;
  beforeAll(async () => {
    stripe = await StripeFake.start();
    service = await startTestService({ STRIPE_FAKE_URL: stripe.url });
  });
  afterAll(() => Promise.all([service.stop(), stripe.stop()]));

  it('sells three plans, which can be bought at the fake Stripe', async () => {
    const demo = (await seedDemo(service.app, service.url))!;
    const { data } = ok(await service.call({ path: '/v1/brands/demo/plans' }));
    expect(data.map(({ code, price }: any) => [code, price.amount])).toEqual([
      ['pro_monthly', 1_000],
      ['pro_yearly', 9_900],
      ['pro_lifetime', 24_900],
    ]);
    for (const plan_code of demo.plans) {
      const body = { plan_code, success_url: `${service.url}/docs`, cancel_url: 'http://localhost:3000/docs' };
      const checkout = ok(await service.call({ path: '/v1/brands/demo/checkout-sessions', key: demo.brandKey, body }));
      expect((await fetch(checkout.url)).status).toBe(200);
    }
    expect(demoText(demo, service.url, true)).toContain(`npm run stripe:fake, and open ${stripe.url}`);
  });

  it('says nothing of buying where there is no fake Stripe', () => {
    const demo = { brand: 'demo', products: ['seo_pro'], internalKey: 'i', brandKey: 'b', licenseKey: 'l', plans: [], stripe: null };
    expect(demoText(demo, service.url, true)).not.toContain('stripe');
  });
});
