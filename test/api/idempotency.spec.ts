import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBus } from '@nestjs/cqrs';
import type { FastifyRequest } from 'fastify';
import { fingerprintOf } from '../../libs/http/idempotency-key';
import { EncryptionKeys } from '../../libs/vault/vault';
import { type Answer, type Call, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, everyScope, ok } from '../../libs/testing/world';
import { newId, parsePublicId, publicId } from '../../libs/kernel/id';
import { openApiDocument } from '../../src/openapi-document';
import { expectProblem } from './contract';

describe('An Idempotency-Key', () => {
  let service: TestService;
  let world: BrandWorld;
  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
  });
  afterAll(() => service.stop());

  const keyed = (key: string, headers = {}) => ({ headers: { 'idempotency-key': key, ...headers } });
  const rowsOf = async (sql: string, ...values: unknown[]) => (await service.owner.query(sql, values)).rows;
  /** How many facts there are in all: what is repeated adds none. */
  const facts = async () => (await rowsOf('select count(*)::int as count from outbox_events'))[0].count as number;
  const provision = (): Call => ({
    path: `/v1/brands/${world.slug}/licenses`,
    key: world.key,
    body: { customer_email: 'john@example.com', licenses: [{ product_code: world.product, metadata: { b: '2', a: '1' } }] },
  });
  const renew = (extend_days = 30): Call => ({
    method: 'PATCH',
    path: `/v1/licenses/${world.licenseId}/renew`,
    key: world.key,
    body: { extend_days },
  });
  const isReplay = ({ headers }: Answer) => headers.get('idempotent-replayed') === 'true';

  let brands = 0;
  /** Everything that creates or changes something, as brand and as operator. */
  const operations: [string, () => Call, number][] = [
    ['provisionLicenses', provision, 201],
    ['renewLicense', renew, 200],
    [
      'createBrand',
      () => ({
        path: '/v1/brands',
        key: service.internalKey,
        body: { slug: `kept-${++brands}`, name: 'Kept', key_prefix: `KEPT${brands}` },
      }),
      201,
    ],
    ['issueApiKey', () => ({ path: `/v1/brands/${world.slug}/api-keys`, key: world.key, body: { name: 'shop' } }), 201],
    ['rotateApiKey', () => ({ path: `/v1/brands/${world.slug}/api-keys/${world.keyId}/rotate`, key: service.internalKey, body: {} }), 200],
    ['reissueLicenseKey', () => ({ path: `/v1/license-keys/${world.licenseKeyId}/reissue`, key: world.key, body: {} }), 200],
    ['updateLicense', () => ({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, key: world.key, body: { seat_limit: 7 } }), 200],
    ['revokeApiKey', () => ({ method: 'DELETE', path: `/v1/brands/${world.slug}/api-keys/${world.keyId}`, key: service.internalKey }), 200],
  ];

  it.each(operations)('gives %s its effect once, and each repetition the same answer, byte by byte', async (_, make, status) => {
    const call = { ...make(), ...keyed('"one of a kind"') };
    const before = await facts();
    const first = await service.call(call);
    expect(first).toMatchObject({ status });
    expect([isReplay(first), (await facts()) > before]).toEqual([false, true]);
    const after = await facts();
    for (const headers of [{}, { 'idempotency-key': 'one of a kind' }, { 'x-request-id': 'of-its-own' }]) {
      const again = await service.call({ ...call, headers: { ...call.headers, ...headers } });
      expect([again.status, again.text, again.headers.get('content-type')]).toEqual([
        first.status,
        first.text,
        first.headers.get('content-type'),
      ]);
      expect(isReplay(again)).toBe(true);
      expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    }
    expect(await facts()).toBe(after);
  });

  it('is taken by every operation that changes something for an API key, and by no other: so says the document', () => {
    const document = openApiDocument(service.app);
    const said = Object.values(document.paths).flatMap((path) =>
      (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((method) => {
        const operation = path[method] as any;
        if (!operation) return [];
        const named = (operation.parameters ?? []).some((one: any) => one.in === 'header' && one.name === 'Idempotency-Key');
        const examples = (status: number) =>
          Object.keys(operation.responses[status]?.content?.['application/problem+json']?.examples ?? {});
        const refused = examples(409).includes('idempotency_in_flight') && examples(422).includes('idempotency_key_reused');
        const takes = method !== 'get' && operation.security.some((one: object) => 'api_key' in one);
        return [{ id: operation.operationId as string, takes, named, refused }];
      }),
    );
    expect(said.filter(({ takes }) => takes).length).toBeGreaterThanOrEqual(13);
    expect(said.filter(({ takes, named, refused }) => takes !== named || takes !== refused)).toEqual([]);
    const { responses } = document.paths['/v1/licenses/{license}/renew']!.patch!;
    expect(Object.keys((responses['409'] as any).content['application/problem+json'].examples)).toEqual(
      expect.arrayContaining(['cancelled_is_final', 'renewal_shortens', 'idempotency_in_flight']),
    );
  });

  it('belongs to one request: another body, path or query is refused', async () => {
    ok(await service.call({ ...renew(), ...keyed('k') }));
    const before = await facts();
    const others = [
      renew(31),
      { ...renew(), path: `${renew().path}?brand=${world.slug}` },
      { ...renew(), path: renew().path.replace(world.licenseId, ok(await world.provision()).licenses[0].id) },
    ];
    const made = (await facts()) - before;
    for (const other of others) expectProblem(await service.call({ ...other, ...keyed('k') }), 422, 'idempotency_key_reused');
    expect(await facts()).toBe(before + made);
    expect(isReplay(await service.call({ ...renew(), ...keyed('k') }))).toBe(true);
  });

  it('does not care in which order the members of a body or a query stand', async () => {
    const asked = provision();
    const { customer_email, licenses } = asked.body as any;
    const body = { licenses: [{ metadata: { a: '1', b: '2' }, product_code: licenses[0].product_code }], customer_email };
    const turned = { ...asked, body };
    expect(JSON.stringify(turned.body)).not.toBe(JSON.stringify(asked.body));
    const first = await service.call({ ...asked, ...keyed('k') });
    expect((await service.call({ ...turned, ...keyed('k') })).text).toBe(first.text);

    const asks = (query: object, body: unknown = {}) =>
      fingerprintOf({ method: 'POST', url: '/v1/x?any', query, body } as FastifyRequest).toString('hex');
    expect(asks({ a: '1', b: '2' })).toBe(asks({ b: '2', a: '1' }));
    expect(
      new Set([asks({}), asks({ a: '1' }), asks({}, { a: '1' }), asks({}, { a: 1 }), asks({}, { a: [1] }), asks({}, { a: { 0: 1 } })]).size,
    ).toBe(6);
  });

  it('is another key for another credential, brand, method or route', async () => {
    const other = await createBrandWorld(service);
    const sibling = await world.issueKey(everyScope);
    const licensePath = `/v1/licenses/${world.licenseId}`;
    const calls: Call[] = [
      renew(),
      { ...renew(), key: sibling.secret },
      { ...renew(), key: service.internalKey, path: `${renew().path}?brand=${world.slug}` },
      { ...renew(), key: service.internalKey, path: `/v1/licenses/${other.licenseId}/renew?brand=${other.slug}` },
      { ...renew(), key: other.key, path: `/v1/licenses/${other.licenseId}/renew` },
      { method: 'PATCH', path: licensePath, key: world.key, body: { seat_limit: 9 } },
      { method: 'PATCH', path: `${licensePath}/status`, key: world.key, body: { status: 'suspended' } },
      provision(),
      { path: `/v1/brands/${world.slug}/products`, key: world.key, body: { code: 'lite', name: 'Lite' } },
      { method: 'PATCH', path: `/v1/brands/${world.slug}/products/lite`, key: world.key, body: { name: 'Light' } },
    ];
    for (const call of calls) {
      const before = await facts();
      const answer = await service.call({ ...call, ...keyed('the same') });
      expect([answer.status < 300, isReplay(answer), (await facts()) > before]).toEqual([true, false, true]);
    }
    expect(await rowsOf(`select from idempotency_keys where key = 'the same'`)).toHaveLength(calls.length);
  });

  it('stays the same key while its credential is rotated', async () => {
    const first = await service.call({ ...renew(), ...keyed('k') });
    const rotate = { path: `/v1/brands/${world.slug}/api-keys/${world.keyId}/rotate`, key: service.internalKey, body: {} };
    const { secret } = ok(await service.call(rotate));
    const again = await service.call({ ...renew(), key: secret, ...keyed('k') });
    expect([isReplay(again), again.text]).toEqual([true, first.text]);
  });

  describe('with a refusal', () => {
    it.each([
      ['not found', (): Call => ({ ...renew(), path: `/v1/licenses/${publicId('license', newId())}/renew` }), 404, 'license_not_found'],
      ['in conflict', (): Call => ({ ...renew(), body: { expires_at: '2001-01-01T00:00:00Z' } }), 409, 'renewal_shortens'],
    ])('of the business (%s) repeats it, with the first request’s id in the body', async (_, make, status, code) => {
      const call = { ...make(), ...keyed('k') };
      const first = await service.call(call);
      expectProblem(first, status, code);
      expect(isReplay(first)).toBe(false);
      const again = await service.call(call);
      expect([isReplay(again), again.status, again.text]).toEqual([true, status, first.text]);
      expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(again.headers.get('x-request-id')).not.toBe(again.body.request_id);
    });

    it('keeps nothing of what was written before it, tells nobody of it, and repeats it though it would succeed by now', async () => {
      const heard: unknown[] = [];
      const listening = service.app.get(EventBus).subscribe((event) => heard.push(event));
      const [before, keys] = [await facts(), (await rowsOf('select from license_keys')).length];
      const call = {
        ...provision(),
        body: { customer_email: 'j@example.com', licenses: [{ product_code: world.product }, { product_code: 'late' }] },
      };
      expectProblem(await service.call({ ...call, ...keyed('k') }), 404, 'product_not_found');
      expect([await facts(), (await rowsOf('select from license_keys')).length]).toEqual([before, keys]);
      expect(heard).toEqual([]);
      listening.unsubscribe();
      ok(await world.createProduct({ code: 'late' }));
      expect(isReplay(await service.call({ ...call, ...keyed('k') }))).toBe(true);
      expect((await service.call({ ...call, ...keyed('a new one') })).status).toBe(201);
    });

    it('also after the database itself said no', async () => {
      const [one, two] = [1, 2].map((n) => ({
        path: '/v1/brands',
        key: service.internalKey,
        body: { slug: `twice-${world.slug}`, name: 'Twice', key_prefix: `TW${brands++}${n}X` },
      }));
      ok(await service.call({ ...one!, ...keyed('1') }));
      const refused = await service.call({ ...two!, ...keyed('2') });
      expectProblem(refused, 409, 'slug_taken');
      expect((await service.call({ ...two!, ...keyed('2') })).text).toBe(refused.text);
    });

    it.each([
      ['400', (): Call => renew(0), 400],
      ['401', (): Call => ({ ...renew(), key: 'nobody' }), 401],
      ['403', (): Call => ({ path: '/v1/brands', key: world.key, body: {} }), 403],
      ['415', (): Call => ({ ...renew(), headers: { 'content-type': 'text/plain' } }), 415],
    ])('of the edge (%s) keeps nothing: mended, it may be sent again', async (_, call, status) => {
      const kept = (await rowsOf('select from idempotency_keys')).length;
      const { headers, ...rest } = call();
      expect(await service.call({ ...rest, ...keyed('k', headers) })).toMatchObject({ status });
      expect(await rowsOf('select from idempotency_keys')).toHaveLength(kept);
      const mended = await service.call({ ...renew(), ...keyed('k') });
      expect([mended.status, isReplay(mended)]).toEqual([200, false]);
    });

    it('of the service (500, 503) keeps nothing, neither the effect nor the answer', async () => {
      const before = await facts();
      await service.owner.query(
        `create function broken() returns trigger language plpgsql as $$ begin raise exception using errcode = tg_argv[0]; end $$`,
      );
      for (const [state, status] of [
        ['XX000', 500],
        ['57014', 503],
      ] as const) {
        await service.owner.query(`create trigger broken before insert on outbox_events for each row execute function broken('${state}')`);
        expect(await service.call({ ...renew(), ...keyed('k') })).toMatchObject({ status });
        await service.owner.query('drop trigger broken on outbox_events');
      }
      expect(await facts()).toBe(before);
      const after = await service.call({ ...renew(), ...keyed('k') });
      expect([after.status, isReplay(after), await facts()]).toEqual([200, false, before + 1]);
    });

    it('of the answer’s own keeping undoes the effect too', async () => {
      const before = await facts();
      await service.owner.query(`create trigger broken before insert on idempotency_keys for each row execute function broken('XX000')`);
      expect(await service.call({ ...renew(), ...keyed('k') })).toMatchObject({ status: 500 });
      await service.owner.query('drop trigger broken on idempotency_keys');
      expect(await facts()).toBe(before);
    });
  });

  it('is tried once more inside after a lock was not to be had in time', async () => {
    await service.owner.query('begin');
    await service.owner.query('select from licenses where id = $1 for update', [parsePublicId('license', world.licenseId)]);
    const before = await facts();
    const renewing = service.call({ ...renew(), ...keyed('k') });
    await sleep(1_700);
    await service.owner.query('commit');
    expect((await renewing).status).toBe(200);
    expect(await facts()).toBe(before + 1);
  });

  it('is told to come back while the first try is under way', async () => {
    await service.owner.query('begin');
    await service.owner.query('select from licenses where id = $1 for update', [parsePublicId('license', world.licenseId)]);
    const first = service.call({ ...renew(), ...keyed('k') });
    await sleep(300);
    const second = await service.call({ ...renew(), ...keyed('k') });
    await service.owner.query('commit');
    expectProblem(second, 409, 'idempotency_in_flight');
    expect(second.headers.get('retry-after')).toBe('1');
    const { text } = await first;
    expect((await service.call({ ...renew(), ...keyed('k') })).text).toBe(text);
  });

  it.each([
    ['is empty', ''],
    ['is nothing between quotes', '""'],
    ['is longer than 255', 'x'.repeat(256)],
    ['is not ASCII', 'schlüssel'],
    ['holds a tab', 'a\tb'],
  ])('is refused when it %s', async (_, key) => {
    expectProblem(await service.call({ ...renew(), ...keyed(key) }), 400, 'invalid_request', 'header:Idempotency-Key');
  });

  it('may be any printable text up to its limit, and comes once', async () => {
    for (const key of ['x'.repeat(255), `"${'y'.repeat(255)}"`, '"', `it's "quoted"`, '"\\"in\\" \\\\"', '~ !']) {
      expect([key, (await service.call({ ...renew(), ...keyed(key) })).status]).toEqual([key, 200]);
    }
    expect(await rowsOf(`select from idempotency_keys where key = '"in" \\'`)).toHaveLength(1);
    const { path, body } = renew();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'x-api-key': world.key, 'content-type': 'application/json', 'idempotency-key': ['a', 'a'] };
      httpRequest(service.url + path, { method: 'PATCH', headers }, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end(JSON.stringify(body));
    });
    expect(status).toBe(400);
  });

  it('is nothing to those who call with a license key, or who read', async () => {
    const seat = { license_key: world.licenseKey, product_code: world.product, instance_id: 'site' };
    const kept = (await rowsOf('select from idempotency_keys')).length;
    const activate = () => service.call({ path: '/v1/licenses/activate', body: seat, ...keyed('') });
    expect([(await activate()).status, (await activate()).status]).toEqual([201, 200]);
    for (const [method, key] of ['GET', 'HEAD'].flatMap((one) => ['', 'k', 'k'].map((key) => [one, key] as const))) {
      const read = await service.call({ method, path: `/v1/licenses/${world.licenseId}`, key: world.key, ...keyed(key) });
      expect([method, key, read.status, isReplay(read)]).toEqual([method, key, 200, false]);
    }
    expect(await rowsOf('select from idempotency_keys')).toHaveLength(kept);
  });

  it('leaves no secret in the table or the log', async () => {
    const { license_key } = ok(await service.call({ ...provision(), ...keyed('p') }));
    const { secret } = ok(
      await service.call({ path: `/v1/brands/${world.slug}/api-keys`, key: world.key, body: { name: 'x' }, ...keyed('i') }),
    );
    const rows = await rowsOf('select * from idempotency_keys');
    const dump = rows
      .flatMap((row) => Object.values(row as object))
      .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
      .join('\n');
    const logged = service.logged.join('\n');
    for (const text of [license_key.key, secret, 'john@example.com', '"id"']) expect(dump).not.toContain(text);
    for (const text of [license_key.key, secret]) expect(logged).not.toContain(text);
  });

  it('whose answer was copied to another row opens nothing there', async () => {
    ok(await service.call({ ...provision(), ...keyed('mine') }));
    const other = await createBrandWorld(service);
    ok(await service.call({ ...provision(), path: `/v1/brands/${other.slug}/licenses`, key: other.key, ...keyed('theirs') }));
    await service.owner.query(
      `update idempotency_keys set answer = (select answer from idempotency_keys where key = 'mine' limit 1) where key = 'theirs'`,
    );
    expectProblem(
      await service.call({ ...provision(), path: `/v1/brands/${other.slug}/licenses`, key: other.key, ...keyed('theirs') }),
      500,
      'internal_error',
    );
  });

  it('whose answer nobody can open any more is a logged failure, and no end of the service', async () => {
    const call = { ...renew(), ...keyed('k') };
    ok(await service.call(call));
    await service.owner.query(`update idempotency_keys set answer = overlay(answer placing '\\x0009'::bytea from 1) where key = 'k'`);
    expectProblem(await service.call(call), 500, 'internal_error');
    expect(service.logged.some((line) => line.includes('ENCRYPTION_KEYS'))).toBe(true);
    expect(service.app.get(EncryptionKeys).all).toHaveLength(1);
    expect((await service.call({ ...renew(), ...keyed('another') })).status).toBe(200);
  });
});

describe('The answers to Idempotency-Keys', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  it('are kept for a day, and then forgotten by a job', async () => {
    const world = await createBrandWorld(service);
    const renew = (key: string) =>
      world.call({
        method: 'PATCH',
        path: `/v1/licenses/${world.licenseId}/renew`,
        body: { extend_days: 1 },
        headers: { 'idempotency-key': key },
      });
    const brand = { slug: 'kept', name: 'Kept', key_prefix: 'KEPT' };
    const forget = async () => {
      await service.owner.query('update jobs set next_run_at = now()');
      await service.settle('jobs');
      return (await service.owner.query('select key from idempotency_keys order by key')).rows.map(({ key }) => key as string);
    };
    ok(await renew('early'));
    ok(await world.operate({ path: '/v1/brands', body: brand, headers: { 'idempotency-key': 'over all brands' } }));
    service.travel(0.9);
    ok(await renew('late'));
    expect(await forget()).toEqual(['early', 'late', 'over all brands']);
    expect((await renew('early')).headers.get('idempotent-replayed')).toBe('true');
    service.travel(0.2);
    expect(await forget()).toEqual(['late']);
    expect((await renew('early')).headers.get('idempotent-replayed')).toBeNull();
    service.travel(2);
    expect(await forget()).toEqual([]);
  });
});
