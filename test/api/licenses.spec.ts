import { mintLicenseKey } from '../../libs/license-key/license-key';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { expectProblem } from './contract';

const days = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 86_400_000;
const idsOf = (data: { id: string }[]): string[] => data.map(({ id }) => id);

describe('Licenses', () => {
  let service: TestService;
  let world: BrandWorld;
  const one = async (terms: object = {}, body: object = {}) =>
    ok(await world.provision({ licenses: [{ product_code: 'pro', ...terms }], ...body })).licenses[0];
  const list = async (query: string, key = world.key) => ok(await service.call({ key, path: `/v1/licenses?${query}` }));
  const update = (id: string, body: object) => world.call({ method: 'PATCH', path: `/v1/licenses/${id}`, body });
  const count = async (table: string) => (await service.owner.query(`select count(*)::int as n from ${table}`)).rows[0].n;

  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
    ok(await world.createProduct({ code: 'addon', seat_limit: null, duration_days: null, entitlements: { tier: 1 } }));
  });
  afterAll(() => service.stop());

  describe('are provisioned', () => {
    it('on a new key that is shown this once', async () => {
      const { license_key, licenses } = ok(await world.provision());
      expect(license_key.key).toMatch(new RegExp(`^${world.licenseKey.split('-')[0]}(-[0-9A-HJKMNP-TV-Z]{5}){6}$`));
      expect(license_key).toMatchObject({ brand_id: world.brandId, customer_email: world.email, reissued_at: null });
      expect(license_key.hint).toBe(license_key.key.replace(/-.*-/, '-…-'));
      expect(licenses).toMatchObject([
        { license_key_id: license_key.id, product_code: 'pro', customer_email: world.email, status: 'valid', version: 1 },
      ]);
      const everything = [await world.call({ path: '/v1/licenses' }), await world.call({ path: `/v1/licenses/${licenses[0].id}` })];
      expect(everything.filter(({ text }) => text.includes(license_key.key))).toEqual([]);
    });

    it('for many products under one key', async () => {
      const { license_key, licenses } = ok(await world.provision({ licenses: [{ product_code: 'pro' }, { product_code: 'addon' }] }));
      expect(licenses.map((license: any) => [license.product_code, license.license_key_id])).toEqual([
        ['pro', license_key.id],
        ['addon', license_key.id],
      ]);
      for (const product_code of ['pro', 'addon'])
        expect(await world.ask('verify', { license_key: license_key.key, product_code })).toMatchObject({ body: { code: 'valid' } });
    });

    it('on a key that the customer has, by its id or however it was typed', async () => {
      const typed = world.licenseKey.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'i');
      for (const [index, license_key] of [world.licenseKeyId, world.licenseKey, typed].entries()) {
        ok(await world.createProduct({ code: `extra-${index}` }));
        const given = ok(await world.provision({ license_key, licenses: [{ product_code: `extra-${index}` }] }));
        expect(given.license_key).toMatchObject({ id: world.licenseKeyId });
        expect(given.license_key).not.toHaveProperty('key');
      }
      expect(ok(await world.ask('verify', { product_code: undefined })).licenses).toHaveLength(4);
    });

    it('never on the key of another customer', async () => {
      expectProblem(
        await world.provision({
          license_key: world.licenseKeyId,
          customer_email: 'other@example.com',
          licenses: [{ product_code: 'addon' }],
        }),
        409,
        'customer_mismatch',
      );
      expect(
        await world.provision({
          license_key: world.licenseKeyId,
          customer_email: world.email.toUpperCase(),
          licenses: [{ product_code: 'addon' }],
        }),
      ).toMatchObject({ status: 201 });
    });

    it('never on a key that the brand has not', async () => {
      const other = await createBrandWorld(service);
      const absent = [mintLicenseKey(world.licenseKey.split('-')[0]!), other.licenseKey, other.licenseKeyId];
      const answers = [];
      for (const license_key of absent) answers.push(await world.provision({ license_key, customer_email: other.email }));
      for (const answer of answers) expectProblem(answer, 404, 'license_key_not_found');
      expectProblem(await world.provision({ license_key: 'no key' }), 400, 'invalid_request', '/license_key');
      expectProblem(await world.provision({ license_key: world.licenseId }), 400, 'invalid_request', '/license_key');
    });

    it('once a product and key, until cancelled', async () => {
      const again = () => world.provision({ license_key: world.licenseKeyId });
      const refused = await again();
      expectProblem(refused, 409, 'already_licensed');
      expect(refused.body).toMatchObject({ product_code: 'pro' });
      ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}/status`, body: { status: 'cancelled' } }));
      const { licenses } = ok(await again());
      expectProblem(await again(), 409, 'already_licensed');
      expect(ok(await world.ask('verify'))).toMatchObject({ code: 'valid', licenses: [{ id: licenses[0].id }] });
    });

    it('once a product and key, however many ask at once', async () => {
      const asked = await Promise.all(
        Array.from({ length: 8 }, () => world.provision({ license_key: world.licenseKeyId, licenses: [{ product_code: 'addon' }] })),
      );
      expect(asked.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
    });

    it('once a product and key, in whatever order many ask at once', async () => {
      for (const code of ['a', 'b']) ok(await world.createProduct({ code }));
      const orders = [
        ['a', 'b'],
        ['b', 'a'],
      ].map((codes) => codes.map((product_code) => ({ product_code })));
      const { licenseKey: license_key } = world;
      const asked = await Promise.all(Array.from({ length: 8 }, (_, i) => world.provision({ license_key, licenses: orders[i % 2] })));
      expect(asked.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
    });

    it.each([
      [
        'a product that does not exist',
        [{ product_code: 'pro' }, { product_code: 'nothing' }],
        404,
        'product_not_found',
        '/licenses/1/product_code',
      ],
      [
        'a product twice',
        [{ product_code: 'pro' }, { product_code: 'addon' }, { product_code: 'pro' }],
        409,
        'already_licensed',
        undefined,
      ],
      [
        'a term that is not possible',
        [{ product_code: 'pro' }, { product_code: 'addon', starts_at: '2030-01-01T00:00:00Z', expires_at: '2030-01-01T00:00:00Z' }],
        400,
        'term_not_possible',
        '/licenses/1/expires_at',
      ],
    ])('all or none: not with %s', async (_, licenses, status, code, pointer) => {
      const before = [await count('license_keys'), await count('licenses'), await count('outbox_events')];
      expectProblem(await world.provision({ licenses }), status, code, pointer);
      expect([await count('license_keys'), await count('licenses'), await count('outbox_events')]).toEqual(before);
    });

    it('up to fifty at once', async () => {
      const codes = Array.from({ length: 50 }, (_, index) => ({ product_code: `p${index}` }));
      await Promise.all(codes.map(({ product_code }) => world.createProduct({ code: product_code })));
      expect(ok(await world.provision({ licenses: codes })).licenses).toHaveLength(50);
      expectProblem(await world.provision({ licenses: [...codes, { product_code: 'pro' }] }), 400, 'invalid_request', '/licenses');
    });
  });

  describe('run', () => {
    it('as the product says, unless told otherwise', async () => {
      const usual = await one();
      expect(usual).toMatchObject({ starts_at: null, seats: { limit: 5, used: 0, remaining: 5 }, entitlements: {}, metadata: {} });
      expect([days(usual.created_at, usual.expires_at), days(usual.expires_at, usual.grace_until)]).toEqual([365, 7]);
      const told = { seat_limit: null, expires_at: null, entitlements: { tier: 9 }, metadata: { order: '1' } };
      expect(await one(told)).toMatchObject({
        seats: { limit: null, used: 0, remaining: null },
        expires_at: null,
        grace_until: null,
        entitlements: { tier: 9 },
        metadata: { order: '1' },
      });
      expect(await one({ product_code: 'addon' })).toMatchObject({ expires_at: null, seats: { limit: null }, entitlements: { tier: 1 } });
    });

    it('for their days from the day they start', async () => {
      const later = await one({ starts_at: '2050-01-01T00:00:00Z' });
      expect(later).toMatchObject({ starts_at: '2050-01-01T00:00:00.000Z', expires_at: '2051-01-01T00:00:00.000Z' });
      const earlier = await one({ starts_at: '2020-01-01T00:00:00Z' });
      expect(days(earlier.created_at, earlier.expires_at)).toBe(365);
    });

    it('never beyond the year 2099', async () => {
      ok(await world.createProduct({ code: 'century', duration_days: 36_500 }));
      expectProblem(await world.provision({ licenses: [{ product_code: 'century' }] }), 400, 'term_not_possible', '/licenses/0/expires_at');
      expectProblem(
        await world.provision({ licenses: [{ product_code: 'pro', starts_at: '2099-06-01T00:00:00Z' }] }),
        400,
        'term_not_possible',
        '/licenses/0/expires_at',
      );
    });
  });

  describe('are changed', () => {
    it('in what was said: entitlements replaced, metadata merged, the version counted', async () => {
      const { id } = await one({ entitlements: { a: 1, b: 2 }, metadata: { a: '1', b: '2' } });
      const changed = ok(await update(id, { seat_limit: 8, entitlements: { b: 3 }, metadata: { b: null, c: '3' } }));
      expect(changed).toMatchObject({ version: 2, seats: { limit: 8, used: 0, remaining: 8 } });
      expect([changed.entitlements, changed.metadata]).toEqual([{ b: 3 }, { a: '1', c: '3' }]);
      expect(ok(await update(id, { seat_limit: null }))).toMatchObject({
        version: 3,
        seats: { limit: null, remaining: null },
        entitlements: { b: 3 },
      });
      expect(ok(await world.call({ path: `/v1/licenses/${id}` })).version).toBe(3);
    });

    it('not at all to what they are already: no version, no event', async () => {
      const before = await one({ seat_limit: 3, entitlements: { a: { b: [1] } }, metadata: { a: '1' } });
      const events = await count('outbox_events');
      for (const body of [{}, { seat_limit: 3 }, { entitlements: { a: { b: [1] } } }, { metadata: { a: '1', z: null } }])
        expect(ok(await update(before.id, body))).toEqual(before);
      expect(await count('outbox_events')).toBe(events);
      expect(ok(await update(before.id, { entitlements: {} })).version).toBe(2);
    });

    it('in nothing else', async () => {
      for (const member of ['status', 'expires_at', 'customer_email', 'product_code', 'version', 'grace_days'])
        expectProblem(await update(world.licenseId, { [member]: 'x' }), 400, 'invalid_request', `/${member}`);
    });

    it('never to more than 50 pairs of metadata', async () => {
      const pairs = (name: string) => Object.fromEntries(Array.from({ length: 30 }, (_, i) => [name + i, 'v']));
      const { id } = await one({ metadata: pairs('a') });
      expectProblem(await update(id, { metadata: pairs('b') }), 409, 'metadata_full');
    });

    it('by all who change them at once', async () => {
      const { id } = await one();
      await Promise.all(Array.from({ length: 10 }, async (_, i) => ok(await update(id, { metadata: { [`k${i}`]: 'v' } }))));
      const { metadata, version } = ok(await world.call({ path: `/v1/licenses/${id}` }));
      expect([Object.keys(metadata), version]).toEqual([expect.arrayContaining(Array.from({ length: 10 }, (_, i) => `k${i}`)), 11]);
    });
  });

  describe('are found', () => {
    it('by customer, product, status and end, and by all of them together', async () => {
      const soon = await one({ expires_at: '2040-01-01T00:00:00Z' }, { customer_email: 'ann@example.com' });
      const later = await one({ product_code: 'addon', expires_at: '2041-01-01T00:00:00Z' }, { customer_email: 'ann@example.com' });
      const never = await one({ product_code: 'addon' });
      const cancelled = await one();
      ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${cancelled.id}/status`, body: { status: 'cancelled' } }));

      const found = async (query: string) => idsOf((await list(query)).data);
      expect(await found('email=%20ANN%40Example.com')).toEqual([later.id, soon.id]);
      expect(await found('product=addon')).toEqual([never.id, later.id]);
      expect(await found('status=cancelled')).toEqual([cancelled.id]);
      expect(await found('expires_before=2041-01-01T00:00:00Z')).toEqual([cancelled.id, soon.id, world.licenseId]);
      expect(await found('expires_before=2041-01-01T00:00:00.001Z&product=addon')).toEqual([later.id]);
      expect(await found('email=ann%40example.com&product=pro&status=valid&expires_before=2099-01-01T00:00:00%2B02:00')).toEqual([soon.id]);
      expect(await found('email=nobody%40example.com')).toEqual([]);
      expect(await found('product=PRO')).toEqual([]);
    });

    it('page by page, each once, newest first, whatever is added meanwhile', async () => {
      for (let i = 0; i < 6; i++) await one();
      const all = idsOf((await list('limit=100')).data);
      expect(all).toEqual([...all].sort().reverse());
      expect(all).toHaveLength(7);

      const walked: string[] = [];
      let page = await list('limit=3');
      for (;;) {
        walked.push(...idsOf(page.data));
        await one();
        if (!page.has_more) break;
        page = await list(`limit=3&cursor=${page.next_cursor}`);
      }
      expect(walked).toEqual(all);
      expect(page).toMatchObject({ object: 'list', has_more: false, next_cursor: null });
    });

    it('on a last page that is full, and that says it is the last', async () => {
      await one();
      expect(await list('limit=2')).toMatchObject({ has_more: false, next_cursor: null, data: [{}, {}] });
      expect(await list('limit=1')).toMatchObject({ has_more: true, data: [{}] });
    });

    it('twenty at a time, unless told', async () => {
      await Promise.all(Array.from({ length: 20 }, () => one()));
      expect((await list('')).data).toHaveLength(20);
      expect((await list('limit=100')).data).toHaveLength(21);
    });
  });

  describe('of one customer', () => {
    const email = 'customer-of-two@example.com';
    const find = async (key: string, query = '') =>
      ok(await service.call({ key, path: `/v1/brands/licenses?email=${encodeURIComponent(email.toUpperCase())}${query}` })).data;

    it('are shown to each brand as its own, and to an operator over all or over the one he names', async () => {
      const other = await createBrandWorld(service);
      const mine = ok(await world.provision({ customer_email: email })).licenses[0];
      const theirs = ok(await other.provision({ customer_email: email })).licenses[0];
      expect(await find(world.key)).toEqual([mine]);
      expect(await find(other.key)).toEqual([theirs]);
      expect(await find(service.internalKey)).toEqual([theirs, mine]);
      expect(await find(service.internalKey, `&brand=${world.slug}`)).toEqual([mine]);
      expect(await find(service.internalKey, `&brand=${other.brandId}`)).toEqual([theirs]);
      expectProblem(await world.call({ path: `/v1/brands/licenses?email=${email}&brand=${other.slug}` }), 404, 'brand_not_found');
      expectProblem(await world.operate({ path: `/v1/brands/licenses?email=${email}&brand=nobody` }), 404, 'brand_not_found');
    });

    it('are asked for by an address', async () => {
      expectProblem(await world.call({ path: '/v1/brands/licenses' }), 400, 'invalid_request', '?email');
      expectProblem(await world.call({ path: '/v1/brands/licenses?email=' }), 400, 'invalid_request', '?email');
    });

    it('come in pages', async () => {
      const address = 'pages@example.com';
      for (let i = 0; i < 3; i++) await one({}, { customer_email: address });
      const first = ok(await world.call({ path: `/v1/brands/licenses?email=${address}&limit=2` }));
      const second = ok(await world.call({ path: `/v1/brands/licenses?email=${address}&limit=2&cursor=${first.next_cursor}` }));
      expect([first.data.length, second.data.length, first.has_more, second.has_more]).toEqual([2, 1, true, false]);
      expect(new Set(idsOf([...first.data, ...second.data])).size).toBe(3);
    });
  });
});
