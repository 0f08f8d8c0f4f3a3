import { setTimeout as sleep } from 'node:timers/promises';
import { CommandBus } from '@nestjs/cqrs';
import { parsePublicId } from '../../libs/kernel/id';
import { type Call, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, everyScope, ok } from '../../libs/testing/world';
import { allBrands, IssueApiKey } from '../../src/identity';
import { expectProblem } from './contract';

let service: TestService;
let world: BrandWorld;
let stranger: BrandWorld;
beforeAll(async () => {
  service = await startTestService();
  [world, stranger] = [await createBrandWorld(service), await createBrandWorld(service)];
});
afterAll(() => service.stop());

const listOf = async (query: Record<string, string> = {}, call = world.call): Promise<any[]> =>
  ok(await call({ path: `/v1/audit-logs?${new URLSearchParams({ limit: '100', ...query }).toString()}` })).data;
const renew = (part: Partial<Call> = {}): Call => ({
  method: 'PATCH',
  path: `/v1/licenses/${world.licenseId}/renew`,
  body: { extend_days: 1 },
  ...part,
});

describe('A refused call', () => {
  let requests = 0;
  /** What the audit log holds of a call, in any brand. */
  const leaves = async (call: Call) => {
    const id = `refused-${++requests}`;
    const answer = await service.call({ key: world.key, ...call, headers: { ...call.headers, 'x-request-id': id } });
    const { rows } = await service.owner.query('select * from audit_logs where request_id = $1', [id]);
    return { answer, rows };
  };
  const aKey = async (scopes: string[]) => (await world.issueKey(scopes)).secret;
  const operator = async (scopes: string[]) => {
    const issue = new IssueApiKey(allBrands, { name: 'operator', scopes, expiresAt: null }, ['*']);
    return (await service.app.get(CommandBus).execute(issue)).secret;
  };

  interface Case {
    readonly call: () => Call | Promise<Call>;
    readonly code: string;
    readonly action: string;
    readonly target: () => string | null;
    /** The brand in whose log it stands; null: the installation's. */
    readonly brand?: () => BrandWorld | null;
  }
  const cases: [string, Case][] = [
    [
      'for want of a scope',
      {
        call: async () => renew({ key: await aKey(['licenses:read']) }),
        code: 'scope_missing',
        action: 'renewLicense',
        target: () => world.licenseId,
      },
    ],
    [
      'for its role',
      {
        call: () => ({ path: '/v1/brands', body: { slug: 'new', name: 'New', key_prefix: 'NEW' } }),
        code: 'role_not_allowed',
        action: 'createBrand',
        target: () => null,
      },
    ],
    [
      'for its role, when it only asked',
      { call: () => ({ path: `/v1/brands/${world.slug}` }), code: 'role_not_allowed', action: 'getBrand', target: () => world.slug },
    ],
    [
      'for naming the brand of somebody else',
      {
        call: () => ({ path: `/v1/brands/${stranger.slug}/products`, body: { code: 'x', name: 'X' } }),
        code: 'brand_not_found',
        action: 'createProduct',
        target: () => stranger.slug,
      },
    ],
    [
      'for naming a thing of somebody else',
      {
        call: () => renew({ path: `/v1/licenses/${stranger.licenseId}/renew` }),
        code: 'license_not_found',
        action: 'renewLicense',
        target: () => stranger.licenseId,
      },
    ],
    [
      'for bad input',
      {
        call: () => renew({ body: { extend_days: 'many' } }),
        code: 'invalid_request',
        action: 'renewLicense',
        target: () => world.licenseId,
      },
    ],
    [
      'by a rule',
      {
        call: () => renew({ body: { expires_at: '2020-01-01T00:00:00Z' } }),
        code: 'renewal_shortens',
        action: 'renewLicense',
        target: () => world.licenseId,
      },
    ],
    [
      'for a scope that it cannot give',
      {
        call: async () => ({
          path: `/v1/brands/${world.slug}/api-keys`,
          key: await aKey(['api_keys:write']),
          body: { name: 'more', scopes: everyScope },
        }),
        code: 'scope_not_grantable',
        action: 'issueApiKey',
        target: () => world.slug,
      },
    ],
    [
      'to an operator who names no brand',
      {
        call: () => renew({ key: service.internalKey }),
        code: 'brand_required',
        action: 'renewLicense',
        target: () => world.licenseId,
        brand: () => null,
      },
    ],
    [
      'to an operator, in the brand that he names',
      {
        call: () => renew({ key: service.internalKey, path: `/v1/licenses/${world.licenseId}/renew?brand=${stranger.slug}` }),
        code: 'license_not_found',
        action: 'renewLicense',
        target: () => world.licenseId,
        brand: () => stranger,
      },
    ],
    [
      'to an operator for want of a scope',
      {
        call: async () => ({ path: '/v1/brands', key: await operator(['other']) }),
        code: 'scope_missing',
        action: 'listBrands',
        target: () => null,
        brand: () => null,
      },
    ],
    [
      'with a license key where the id should be',
      {
        call: () => renew({ path: `/v1/licenses/${world.licenseKey}/renew` }),
        code: 'invalid_request',
        action: 'renewLicense',
        target: () => `${world.licenseKey.slice(0, 8)}…`,
      },
    ],
  ];

  it.each(cases)('%s leaves one row', async (_, { call, code, action, target, brand = () => world }) => {
    const { answer, rows } = await leaves(await call());
    expectProblem(answer, answer.status, code);
    expect(rows).toMatchObject([
      {
        outcome: 'refused',
        actor: expect.stringMatching(/^apk_/),
        action,
        target: target(),
        code,
        before: null,
        after: null,
        ip: '127.0.0.1',
      },
    ]);
    const home = brand();
    const found = await listOf({ outcome: 'refused', ...(home && { brand: home.slug }) }, world.operate);
    expect(found.find(({ request_id }) => request_id === rows[0].request_id)).toMatchObject({ brand_id: home?.brandId ?? null, code });
  });

  it('of a suspended brand leaves one row', async () => {
    const closed = await createBrandWorld(service);
    ok(await closed.operate({ method: 'PATCH', path: `/v1/brands/${closed.slug}`, body: { status: 'suspended' } }));
    const { answer, rows } = await leaves({ path: '/v1/licenses', key: closed.key });
    expect([answer.status, rows.length, rows[0]?.code, rows[0]?.actor]).toEqual([403, 1, 'brand_suspended', closed.keyId]);
  });

  it('leaves one row for all its tries under an Idempotency-Key, that of the first', async () => {
    const call = renew({ body: { expires_at: '2020-01-01T00:00:00Z' }, headers: { 'idempotency-key': 'refused once' } });
    const [first, again] = [await leaves(call), await leaves(call)];
    expect([first.answer.headers.get('idempotent-replayed'), again.answer.headers.get('idempotent-replayed')]).toEqual([null, 'true']);
    expect(first.rows).toMatchObject([{ outcome: 'refused', code: 'renewal_shortens', actor: world.keyId }]);
    expect([again.answer.text, again.rows]).toEqual([first.answer.text, []]);
  });

  it('leaves a row when its Idempotency-Key is that of another request', async () => {
    const headers = { 'idempotency-key': 'of another' };
    ok(await service.call({ key: world.key, ...renew({ headers }) }));
    const { answer, rows } = await leaves(renew({ body: { extend_days: 2 }, headers }));
    expectProblem(answer, 422, 'idempotency_key_reused');
    expect(rows).toMatchObject([{ outcome: 'refused', code: 'idempotency_key_reused' }]);
  });

  it('leaves no row when it only came while its first try was under way', async () => {
    await service.owner.query('begin');
    await service.owner.query('select from licenses where id = $1 for update', [parsePublicId('license', world.licenseId)]);
    const headers = { 'idempotency-key': 'at once' };
    const first = service.call({ key: world.key, ...renew({ headers }) });
    while ((await service.owner.query('select from pg_locks where not granted')).rowCount === 0) await sleep(10);
    const { answer, rows } = await leaves(renew({ headers }));
    await service.owner.query('rollback');
    ok(await first);
    expectProblem(answer, 409, 'idempotency_in_flight');
    expect(rows).toEqual([]);
  });

  it.each<[string, () => Call, number]>([
    ['nobody let in', () => renew({ key: 'lk_test_b_nonsense' }), 401],
    ['nobody could read', () => renew({ body: '{"extend_days":' }), 400],
    ['asked for what is not there', () => ({ path: `/v1/licenses/${stranger.licenseId}` }), 404],
    [
      'went by a license key',
      () => ({ path: '/v1/licenses/activate', body: { license_key: 'none', product_code: 'x', instance_id: 'y' } }),
      404,
    ],
    ['has no route', () => ({ path: '/v1/nothing', body: {} }), 404],
    ['was answered', () => renew(), 200],
  ])('that %s leaves none', async (_, call, status) => {
    const { answer, rows } = await leaves(call());
    expect([answer.status, rows.filter(({ outcome }) => outcome === 'refused')]).toEqual([status, []]);
  });
});

describe('The list of the audit log', () => {
  it('tells everything of the brand and nothing else, newest first', async () => {
    const rows = await listOf();
    const { rows: all } = await service.owner.query(
      'select l.request_id from audit_logs l join brands b on b.id = l.brand_id where b.slug = $1 order by l.id desc',
      [world.slug],
    );
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.map(({ request_id }) => request_id)).toEqual(all.map(({ request_id }) => request_id));
    expect(new Set(rows.map(({ brand_id }) => brand_id))).toEqual(new Set([world.brandId]));
    expect((await listOf({}, stranger.call)).every(({ brand_id }) => brand_id === stranger.brandId)).toBe(true);
  });

  it('tells an operator of all brands and of the installation, or of the one that he names', async () => {
    const brands = new Set((await listOf({}, world.operate)).map(({ brand_id }) => brand_id));
    expect([...brands]).toEqual(expect.arrayContaining([world.brandId, stranger.brandId, null]));
    const one = await listOf({ brand: stranger.slug }, world.operate);
    expect(one.length).toBeGreaterThan(3);
    expect(one.every(({ brand_id }) => brand_id === stranger.brandId)).toBe(true);
  });

  it('is cut into pages that hold each row once, also while more are written', async () => {
    const whole = await listOf();
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const page = ok(await world.call({ path: `/v1/audit-logs?limit=4${cursor && `&cursor=${cursor}`}` }));
      seen.push(...page.data.map(({ id }: { id: string }) => id));
      await world.call(renew({ body: { extend_days: 0 } }));
      if (!page.has_more) break;
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(whole.map(({ id }) => id));
  });

  const differs = async (query: Record<string, string>, right: (row: any) => boolean) => {
    const [found, all] = [await listOf(query), await listOf()];
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(all.length);
    expect(found).toEqual(all.filter(right));
  };

  it('is filtered by who, what, on what and how it ended', async () => {
    await differs({ actor: world.keyId }, ({ actor }) => actor === world.keyId);
    await differs({ action: 'license.renewed' }, ({ action }) => action === 'license.renewed');
    await differs({ action: 'license.*' }, ({ action }) => action.startsWith('license.'));
    await differs({ action: 'renewLicense' }, ({ action }) => action === 'renewLicense');
    await differs({ target: world.licenseId }, ({ target }) => target === world.licenseId);
    await differs({ outcome: 'done' }, ({ outcome }) => outcome === 'done');
    await differs(
      { outcome: 'refused', target: world.licenseId },
      ({ outcome, target }) => outcome === 'refused' && target === world.licenseId,
    );
  });

  it('is filtered by time', async () => {
    const all = await listOf();
    const at = all[Math.floor(all.length / 2)].occurred_at as string;
    await differs({ since: at }, ({ occurred_at }) => occurred_at >= at);
    await differs({ until: at }, ({ occurred_at }) => occurred_at < at);
    expect(await listOf({ since: '2099-01-01T00:00:00Z' })).toEqual([]);
  });

  it('does not take the pattern of a kind for more than it says', async () => {
    expect(await listOf({ action: 'license_.*' })).toEqual([]);
    expect((await listOf({ action: 'license_key.*' })).every(({ action }) => action.startsWith('license_key.'))).toBe(true);
  });

  it.each([
    ['who', 'x', '?who'],
    ['action', 'license.%', '?action'],
    ['action', '*', '?action'],
    ['outcome', 'maybe', '?outcome'],
    ['since', 'yesterday', '?since'],
    ['until', '2026-02-30T00:00:00Z', '?until'],
    ['cursor', 'none', '?cursor'],
    ['actor', '', '?actor'],
  ])('refuses ?%s=%s by name', async (name, value, pointer) => {
    const answer = await world.call({ path: `/v1/audit-logs?${name}=${encodeURIComponent(value)}` });
    expectProblem(answer, 400, 'invalid_request', pointer);
  });

  it('tells what the row holds, and whether it is sealed', async () => {
    ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { seat_limit: 8 } }));
    const newest = async () => (await listOf({ target: world.licenseId }))[0];
    const row = await newest();
    expect(row).toEqual({
      id: expect.stringMatching(/^aud_[0-9a-v]{26}$/),
      brand_id: world.brandId,
      actor: world.keyId,
      action: 'license.updated',
      target: world.licenseId,
      outcome: 'done',
      code: null,
      before: expect.objectContaining({ seat_limit: 5 }),
      after: expect.objectContaining({ seat_limit: 8 }),
      request_id: expect.stringMatching(/^req_/),
      ip: '127.0.0.1',
      occurred_at: expect.any(String),
      sealed: false,
    });
    await service.settle('audit sealer');
    expect(await newest()).toEqual({ ...row, sealed: true });
  });
});
