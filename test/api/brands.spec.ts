import { startTestService, type TestService } from '../../libs/testing/service';
import { createBrandWorld, ok } from '../../libs/testing/world';
import { expectProblem } from './contract';

describe('Brands', () => {
  let service: TestService;
  const create = (body: object) =>
    service.call({ key: service.internalKey, path: '/v1/brands', body: { slug: 'acme', name: 'Acme', key_prefix: 'ACME', ...body } });
  const change = (brand: string, body: object) =>
    service.call({ key: service.internalKey, method: 'PATCH', path: `/v1/brands/${brand}`, body });
  const read = (brand: string) => service.call({ key: service.internalKey, path: `/v1/brands/${brand}` });

  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  describe('are created', () => {
    it('as asked, and are found by id and by slug', async () => {
      const brand = ok(await create({ slug: 'rank-math', name: 'Rank Math', key_prefix: 'RM', metadata: { crm: '7' } }));
      expect(brand).toMatchObject({ slug: 'rank-math', name: 'Rank Math', key_prefix: 'RM', status: 'active', metadata: { crm: '7' } });
      for (const name of [brand.id, 'rank-math']) expect(ok(await read(name))).toEqual(brand);
    });

    it.each([
      ['a', '/slug'],
      ['a'.repeat(64), '/slug'],
      ['Acme', '/slug'],
      ['1acme', '/slug'],
      ['acme-', '/slug'],
      ['ac_me', '/slug'],
      ['brd-é', '/slug'],
    ])('never with the slug %s', async (slug, pointer) => {
      expectProblem(await create({ slug }), 400, 'invalid_request', pointer);
    });

    it.each(['A', 'ABCDEFGHIJK', 'rm', '1RM', 'R-M', 'RÉ'])('never with the key prefix %s', async (key_prefix) => {
      expectProblem(await create({ key_prefix }), 400, 'invalid_request', '/key_prefix');
    });

    it.each(['licenses', 'license-keys', 'products', 'api-keys', 'activations', 'events', 'audit-logs'])(
      'never with a slug that is a word of a path: %s',
      async (slug) => {
        expectProblem(await create({ slug, key_prefix: 'WORD' }), 409, 'slug_reserved');
      },
    );
  });

  describe('are told apart for ever:', () => {
    beforeAll(async () => void ok(await create({ slug: 'oil', key_prefix: 'OIL1' })));

    it('a slug belongs to one', async () => {
      const answer = await create({ slug: 'oil', key_prefix: 'OTHER' });
      expectProblem(answer, 409, 'slug_taken');
      expect(answer.body).toMatchObject({ slug: 'oil' });
    });

    it.each(['OIL1', 'O1L1', 'OLL1', 'OIIL'])('a key prefix belongs to one, with all that reads like it: %s', async (key_prefix) => {
      expectProblem(await create({ slug: 'other', key_prefix }), 409, 'key_prefix_taken');
    });

    it('neither can be changed', async () => {
      expectProblem(await change('oil', { slug: 'gas' }), 400, 'invalid_request', '/slug');
      expectProblem(await change('oil', { key_prefix: 'GAS' }), 400, 'invalid_request', '/key_prefix');
      expectProblem(await change('oil', { id: 'brd_1' }), 400, 'invalid_request', '/id');
    });

    it('one of many who ask at once gets the name', async () => {
      const asked = await Promise.all(Array.from({ length: 8 }, () => create({ slug: 'rush', key_prefix: 'RUSH' })));
      expect(asked.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
    });
  });

  describe('are changed', () => {
    it('in what was said, with metadata merged and null deleting a pair', async () => {
      ok(await create({ slug: 'notes', key_prefix: 'NOTES', metadata: { a: '1', b: '2' } }));
      const brand = ok(await change('notes', { name: 'Notes', metadata: { b: null, c: '3' } }));
      expect(brand).toMatchObject({ name: 'Notes', slug: 'notes', metadata: { a: '1', c: '3' } });
      expect(brand.metadata).not.toHaveProperty('b');
      expect(ok(await read('notes'))).toEqual(brand);
    });

    it('never to more than 50 pairs of metadata', async () => {
      const pairs = (from: number, to: number) => Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`k${from + i}`, 'v']));
      ok(await create({ slug: 'full', key_prefix: 'FULL', metadata: pairs(0, 40) }));
      expectProblem(await change('full', { metadata: pairs(40, 51) }), 409, 'metadata_full');
      expect(Object.keys(ok(await change('full', { metadata: { ...pairs(40, 51), k0: null } })).metadata)).toHaveLength(50);
    });
  });

  describe('that are suspended', () => {
    it('have API keys that do nothing and customers who notice nothing', async () => {
      const world = await createBrandWorld(service);
      ok(await change(world.slug, { status: 'suspended' }));
      for (const path of ['/v1/licenses', `/v1/licenses/${world.licenseId}`, `/v1/brands/${world.slug}/products`])
        expectProblem(await world.call({ path }), 403, 'brand_suspended');
      expectProblem(await world.provision(), 403, 'brand_suspended');

      expect(await world.ask('activate')).toMatchObject({ status: 201 });
      expect(await world.ask('verify', { instance_id: 'site-1' })).toMatchObject({ body: { code: 'valid' } });
      expect(await world.ask('deactivate')).toMatchObject({ body: { deactivated: true } });
      expect(await world.operate({ path: `/v1/licenses/${world.licenseId}` })).toMatchObject({ status: 200 });

      ok(await change(world.slug, { status: 'active' }));
      expect(await world.call({ path: '/v1/licenses' })).toMatchObject({ status: 200 });
    });
  });

  it('are listed newest first, each once', async () => {
    const { data } = ok(await service.call({ key: service.internalKey, path: '/v1/brands?limit=100' }));
    const ids = data.map(({ id }: { id: string }) => id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
  });
});
