import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { expectProblem } from './contract';

describe('Products', () => {
  let service: TestService;
  let world: BrandWorld;
  const path = (product = '') => `/v1/brands/${world.slug}/products${product && `/${product}`}`;
  const change = (product: string, body: object) => world.call({ method: 'PATCH', path: path(product), body });

  beforeAll(async () => {
    service = await startTestService();
    world = await createBrandWorld(service);
  });
  afterAll(() => service.stop());

  describe('are created', () => {
    it('with one seat for a year, no grace and nothing else, unless told', async () => {
      expect(ok(await world.createProduct({ code: 'plain', name: 'Plain' }))).toMatchObject({
        ...{ brand_id: world.brandId, code: 'plain', name: 'Plain', status: 'active' },
        ...{ seat_limit: 1, duration_days: 365, grace_days: 0, entitlements: {}, metadata: {} },
      });
    });

    it('as told, and are found by id and by code', async () => {
      const told = {
        seat_limit: null,
        duration_days: null,
        grace_days: 7,
        entitlements: { sites: 3, beta: [true] },
        metadata: { sku: '1' },
      };
      const product = ok(await world.createProduct({ code: 'Told.me-1_2', ...told }));
      expect(product).toMatchObject(told);
      for (const name of [product.id, 'Told.me-1_2']) expect(ok(await world.call({ path: path(name) }))).toEqual(product);
    });

    it('once a code and brand', async () => {
      const other = await createBrandWorld(service, { product: 'shared' });
      ok(await world.createProduct({ code: 'shared' }));
      const again = await world.createProduct({ code: 'shared' });
      expectProblem(again, 409, 'product_code_taken');
      expect(again.body).toMatchObject({ product_code: 'shared' });
      expect(ok(await other.call({ path: `/v1/brands/${other.slug}/products/shared` })).id).toBe(other.productId);
    });

    it.each(['', 'a b', '-a', '.a', 'a/b', 'é', 'prd_a', 'a'.repeat(65)])('never with the code %j', async (code) => {
      expectProblem(await world.createProduct({ code }), 400, 'invalid_request', '/code');
    });

    it.each([
      ['seat_limit', 0],
      ['seat_limit', 1_000_001],
      ['duration_days', 0],
      ['duration_days', 36_501],
      ['grace_days', -1],
      ['grace_days', 36_501],
      ['name', ' '],
      ['name', 'a\nb'],
      ['name', 'x'.repeat(201)],
    ])('never with %s %j', async (member, value) => {
      expectProblem(await world.createProduct({ code: 'out', [member]: value }), 400, 'invalid_request', `/${member}`);
    });
  });

  describe('are changed', () => {
    it('for licenses to come, not for those that were given', async () => {
      ok(await world.createProduct({ code: 'grows', seat_limit: 2, entitlements: { tier: 1, old: true }, metadata: { a: '1', b: '2' } }));
      const grant = async () => ok(await world.provision({ licenses: [{ product_code: 'grows' }] })).licenses[0];
      const before = await grant();
      const told = { seat_limit: 9, duration_days: null, grace_days: 3, entitlements: { tier: 2 }, metadata: { b: null, c: '3' } };
      const product = ok(await change('grows', told));
      expect(product).toMatchObject({ seat_limit: 9, duration_days: null, grace_days: 3 });
      expect([product.entitlements, product.metadata]).toEqual([{ tier: 2 }, { a: '1', c: '3' }]);

      expect(await grant()).toMatchObject({ seats: { limit: 9 }, expires_at: null, entitlements: { tier: 2 } });
      expect(ok(await world.call({ path: `/v1/licenses/${before.id}` }))).toEqual(before);
    });

    it('in everything but the code', async () => {
      expectProblem(await change('pro', { code: 'pro2' }), 400, 'invalid_request', '/code');
      expect(ok(await change('pro', {})).code).toBe('pro');
    });

    it('never to more than 50 pairs of metadata', async () => {
      const pairs = (name: string) => Object.fromEntries(Array.from({ length: 30 }, (_, i) => [name + i, 'v']));
      ok(await world.createProduct({ code: 'full', metadata: pairs('a') }));
      expectProblem(await change('full', { metadata: pairs('b') }), 409, 'metadata_full');
    });
  });

  it('that are archived get no new licenses, and those they have keep working', async () => {
    const { ask, provision, call, slug } = await createBrandWorld(service);
    const archive = (status: string) => call({ method: 'PATCH', path: `/v1/brands/${slug}/products/pro`, body: { status } });
    ok(await archive('archived'));
    const refused = await provision();
    expectProblem(refused, 409, 'product_archived');
    expect(refused.body).toMatchObject({ product_code: 'pro' });
    expect(await ask('activate')).toMatchObject({ status: 201 });
    expect(await ask('verify')).toMatchObject({ body: { code: 'valid' } });
    ok(await archive('active'));
    expect(await provision()).toMatchObject({ status: 201 });
  });

  it('that do not exist are not found', async () => {
    expectProblem(await world.call({ path: path('nothing') }), 404, 'product_not_found');
    expectProblem(await change('nothing', {}), 404, 'product_not_found');
  });
});
