import { EventBus } from '@nestjs/cqrs';
import { allEventKinds, type DomainEvent } from '../../libs/kernel/domain-event';
import { type IdKind, idPrefixes, parsePublicId, publicId } from '../../libs/kernel/id';
import { Database } from '../../libs/persistence/database';
import { startTestService, type Answer, type Call, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { installation, type BrandId } from '../../libs/kernel/brand-id';
import { Brands } from '../../src/brands/ports/brands';
import { noon } from '../fixtures/aggregates';

interface Row {
  id: string;
  brand_id: string;
  type: string;
  data: { id: string; version?: number };
  actor: string | null;
  request_id: string | null;
  occurred_at: Date;
  position: string;
  sequence: string | null;
}

/** What the id in an event of each thing begins with. */
const kinds: Record<string, IdKind> = {
  brand: 'brand',
  product: 'product',
  api_key: 'apiKey',
  license_key: 'licenseKey',
  license: 'license',
  'license.activated': 'activation',
  seat: 'activation',
};

describe('An event', () => {
  let service: TestService;
  let world: BrandWorld;
  let published: DomainEvent[];
  const secrets: string[] = [];
  beforeAll(async () => {
    service = await startTestService();
    service.app.get(EventBus).subscribe((event) => published.push(event as DomainEvent));
    published = [];
    world = await createBrandWorld(service, { seats: 2 });
  });
  beforeEach(() => (published = []));
  afterAll(() => service.stop());

  const rowsAfter = async (position: string): Promise<Row[]> =>
    (await service.owner.query<Row>('select * from outbox_events where position > $1 order by position', [position])).rows;
  const position = async (): Promise<string> =>
    (await service.owner.query<{ max: string }>('select coalesce(max(position), 0) as max from outbox_events')).rows[0]!.max;

  let requests = 0;
  /** Calls, and tells which events that left behind; every one of them was published, and nothing else was. */
  async function leaves(one: Call): Promise<{ answer: Answer; rows: Row[]; types: string[]; requestId: string }> {
    const [before, requestId] = [await position(), `test-${++requests}`];
    published = [];
    const answer = await service.call({ ...one, headers: { 'x-request-id': requestId } });
    for (const secret of [answer.body?.secret, answer.body?.key, answer.body?.license_key?.key]) if (secret) secrets.push(secret);
    const rows = await rowsAfter(before);
    expect(published.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    return { answer, rows, types: rows.map(({ type }) => type), requestId };
  }

  const internalKey = async () =>
    publicId('apiKey', (await service.owner.query<{ id: string }>(`select id from api_keys where role = 'internal'`)).rows[0]!.id);
  const seat = (instance: string) => ({ license_key: world.licenseKey, product_code: world.product, instance_id: instance });
  const ofBrand = (path: string) => `/v1/brands/${world.slug}${path}`;
  const ofLicense = (path = '') => `/v1/licenses/${world.licenseId}${path}`;
  const patch = (path: string, body: object): Call => ({ method: 'PATCH', path, key: world.key, body });
  const post = (path: string, body: object): Call => ({ path, key: world.key, body });
  const inTheEnd = '2098-01-01T00:00:00.000Z';

  /** Made by earlier steps. */
  const made = { apiKey: '', activation: '' };
  const acme = { slug: 'acme', name: 'Acme', key_prefix: 'ACME' };

  /** In the order of a life. Each leaves what it says, and leaves nothing when `again` says so and it is repeated. */
  const commands: { what: string; call: () => Call; types: string[]; by?: 'operator' | 'product'; again?: boolean }[] = [
    {
      what: 'creating a brand',
      call: () => ({ path: '/v1/brands', key: service.internalKey, body: acme }),
      types: ['brand.created'],
      by: 'operator',
    },
    {
      what: 'changing a brand',
      call: () => ({ ...patch('/v1/brands/acme', { name: 'New' }), key: service.internalKey }),
      types: ['brand.updated'],
      by: 'operator',
      again: true,
    },
    { what: 'creating a product', call: () => post(ofBrand('/products'), { code: 'lite', name: 'Lite' }), types: ['product.created'] },
    {
      what: 'changing a product',
      call: () => patch(ofBrand('/products/lite'), { name: 'Light' }),
      types: ['product.updated'],
      again: true,
    },
    { what: 'issuing an API key', call: () => post(ofBrand('/api-keys'), { name: 'spare' }), types: ['api_key.created'] },
    { what: 'rotating an API key', call: () => post(ofBrand(`/api-keys/${made.apiKey}/rotate`), {}), types: ['api_key.rotated'] },
    {
      what: 'revoking an API key',
      call: () => ({ method: 'DELETE', path: ofBrand(`/api-keys/${made.apiKey}`), key: world.key }),
      types: ['api_key.revoked'],
      again: true,
    },
    {
      what: 'provisioning on a new key',
      call: () => post(ofBrand('/licenses'), { customer_email: 'john@example.com', licenses: [{ product_code: 'pro' }] }),
      types: ['license_key.created', 'license.provisioned'],
    },
    {
      what: 'provisioning onto a key',
      call: () =>
        post(ofBrand('/licenses'), { customer_email: world.email, license_key: world.licenseKeyId, licenses: [{ product_code: 'lite' }] }),
      types: ['license.provisioned'],
    },
    {
      what: 'changing a license',
      call: () => patch(ofLicense(), { seat_limit: 3, metadata: { a: 'b' } }),
      types: ['license.updated'],
      again: true,
    },
    {
      what: 'renewing a license',
      call: () => patch(ofLicense('/renew'), { expires_at: inTheEnd }),
      types: ['license.renewed'],
      again: true,
    },
    {
      what: 'suspending a license',
      call: () => patch(ofLicense('/status'), { status: 'suspended' }),
      types: ['license.suspended'],
      again: true,
    },
    { what: 'resuming a license', call: () => patch(ofLicense('/status'), { status: 'valid' }), types: ['license.resumed'], again: true },
    {
      what: 'activating an instance',
      call: () => ({ path: '/v1/licenses/activate', body: seat('a') }),
      types: ['license.activated'],
      by: 'product',
      again: true,
    },
    {
      what: 'deactivating an instance',
      call: () => ({ path: '/v1/licenses/deactivate', body: seat('a') }),
      types: ['seat.deactivated'],
      by: 'product',
      again: true,
    },
    {
      what: 'activating it once more',
      call: () => ({ path: '/v1/licenses/activate', body: seat('a') }),
      types: ['license.activated'],
      by: 'product',
    },
    {
      what: 'freeing its seat',
      call: () => ({ method: 'DELETE', path: `/v1/activations/${made.activation}`, key: world.key }),
      types: ['seat.deactivated'],
      again: true,
    },
    {
      what: 'reissuing a license key',
      call: () => post(`/v1/license-keys/${world.licenseKeyId}/reissue`, { overlap_seconds: 3600 }),
      types: ['license_key.reissued'],
    },
    {
      what: 'cancelling a license',
      call: () => patch(ofLicense('/status'), { status: 'cancelled' }),
      types: ['license.cancelled'],
      again: true,
    },
  ];

  it.each(commands)('is left by $what, once: $types', async ({ call, types, by, again }) => {
    const { answer, rows, types: left, requestId } = await leaves(call());
    const body = ok(answer);
    expect(left).toEqual(types);
    if (left[0] === 'api_key.created') made.apiKey = body.id;
    if (left[0] === 'license.activated') made.activation = body.activation.id;

    const actor = { operator: await internalKey(), product: 'license_key', undefined: world.keyId }[String(by)];
    for (const { id, brand_id, type, data, occurred_at, sequence, ...row } of rows) {
      expect(row).toMatchObject({ actor, request_id: requestId });
      const kind = kinds[type] ?? kinds[type.split('.')[0]!]!;
      expect(parsePublicId(kind, data.id)).not.toBeNull();
      expect(publicId('brand', brand_id)).toBe(by === 'operator' ? body.id : world.brandId);
      expect(parsePublicId('event', publicId('event', id))).toBe(id);
      expect(Math.abs(occurred_at.getTime() - Date.now())).toBeLessThan(60_000);
      expect(sequence).toBeNull();
      const { example } = allEventKinds().find((one) => one.type === type)!;
      // As the catalogue shows it; a reason is there when somebody gave one.
      expect(Object.keys({ reason: '', ...data }).sort()).toEqual(Object.keys({ reason: '', ...example }).sort());
    }
    if (again) expect(await leaves(call())).toMatchObject({ types: [], answer: { status: 200 } });
  });

  it('is told once of an internal key, to no brand', async () => {
    const { rows } = await service.owner.query<Row>(`select * from outbox_events where brand_id = $1`, [installation]);
    expect(rows).toMatchObject([{ type: 'api_key.created', data: { id: await internalKey(), role: 'internal' } }]);
  });

  it.each<[string, () => Call, number]>([
    ['a brand whose slug is taken', () => ({ path: '/v1/brands', key: service.internalKey, body: { ...acme, key_prefix: 'OTHER' } }), 409],
    ['a product whose code is taken', () => post(ofBrand('/products'), { code: 'pro', name: 'Pro' }), 409],
    [
      'licenses of which the last one cannot be',
      () => post(ofBrand('/licenses'), { customer_email: 'j@example.com', licenses: [{ product_code: 'pro' }, { product_code: 'none' }] }),
      404,
    ],
    ['a change to a cancelled license', () => patch(ofLicense(), { seat_limit: 9 }), 409],
    ['a seat of a cancelled license', () => ({ path: '/v1/licenses/activate', body: seat('b') }), 403],
    ['a renewal that shortens', () => patch(ofLicense('/renew'), { expires_at: '2026-01-01T00:00:00Z' }), 409],
    ['a rotation of a revoked key', () => post(ofBrand(`/api-keys/${made.apiKey}/rotate`), {}), 409],
    ['a question', () => ({ path: '/v1/licenses/verify', body: seat('a') }), 200],
  ])('is not left by %s', async (_, call, status) => {
    expect(await leaves(call())).toMatchObject({ types: [], answer: { status } });
  });

  describe('of a unit of work', () => {
    const db = () => service.app.get(Database);
    const rename = async (brandId: BrandId, name: string) => {
      const brands = service.app.get(Brands, { strict: false });
      const brand = (await brands.hold(brandId))!;
      brand.update({ name }, noon);
      await brands.save(brand);
    };
    const brand = () => parsePublicId('brand', world.brandId) as BrandId;

    it('is told after the commit, when anybody can see what happened', async () => {
      let seen: Promise<string> | undefined;
      const listening = service.app.get(EventBus).subscribe((event) => {
        const { id } = event as DomainEvent;
        seen = service.owner
          .query<{ name: string }>('select name from brands b join outbox_events e on e.brand_id = b.id where e.id = $1', [id])
          .then(({ rows }) => rows[0]!.name);
      });
      await db().run(brand(), async () => {
        await rename(brand(), 'Committed');
        expect(published).toEqual([]);
      });
      listening.unsubscribe();
      expect(published.map(({ type }) => type)).toEqual(['brand.updated']);
      expect(await seen).toBe('Committed');
    });

    it('is neither kept nor told when that is rolled back', async () => {
      const before = await position();
      const failed = db().run(brand(), async () => {
        await rename(brand(), 'Rolled back');
        throw new Error('on purpose');
      });
      await expect(failed).rejects.toThrow('on purpose');
      expect([published, await rowsAfter(before)]).toEqual([[], []]);
    });

    it('is kept and told once when that is tried again', async () => {
      const before = await position();
      let tries = 0;
      await db().run(brand(), async () => {
        await rename(brand(), `Try ${++tries}`);
        if (tries === 1) await db().manager.query(`do $$ begin raise exception using errcode = '40001'; end $$`);
      });
      expect(published.map(({ data }) => data)).toMatchObject([{ name: 'Try 2' }]);
      expect((await rowsAfter(before)).map(({ type }) => type)).toEqual(['brand.updated']);
    });
  });

  it('holds no e-mail address, no key and no secret', async () => {
    const { rows } = await service.owner.query<{ row: string }>('select to_jsonb(e)::text as row from outbox_events e');
    const text = rows.map(({ row }) => row).join('\n');
    const known = [...secrets, world.key, world.licenseKey, service.internalKey];
    expect(rows.length).toBeGreaterThan(25);
    expect(known.length).toBeGreaterThan(6);
    expect(known.flatMap((secret) => [secret, secret.slice(-20)]).filter((part) => text.includes(part))).toEqual([]);
    expect(text).not.toMatch(/@|hash|email/);
  });

  it('is of a kind that was listed here', async () => {
    const { rows } = await service.owner.query<{ type: string }>('select distinct type from outbox_events');
    const listed = new Set(commands.flatMap(({ types }) => types));
    expect(rows.map(({ type }) => type).sort()).toEqual([...listed].sort());
    expect(Object.values(kinds).every((kind) => kind in idPrefixes)).toBe(true);
  });
});
