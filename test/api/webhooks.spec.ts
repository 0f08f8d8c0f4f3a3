import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { expectProblem } from './contract';

const hook = { url: 'https://shop.example/hooks', event_types: ['license.*'] };

describe('Webhook endpoints', () => {
  let service: TestService;
  let world: BrandWorld;
  const path = (rest = '', brand = world) => `/v1/brands/${brand.slug}/webhook-endpoints${rest}`;
  const create = (body: object = {}) => world.call({ path: path(), body: { ...hook, ...body } });
  const read = (id: string) => world.call({ path: path(`/${id}`) });
  const patch = (id: string, body: object) => world.call({ method: 'PATCH', path: path(`/${id}`), body });
  const remove = (id: string) => world.call({ method: 'DELETE', path: path(`/${id}`) });
  const post = (id: string, what: string, body?: object) =>
    world.call({ method: 'POST', path: path(`/${id}/${what}`), ...(body && { body }) });
  const deliveries = async (id: string) => ok(await world.call({ path: path(`/${id}/deliveries`) })).data;
  const events = async () => {
    const sql = `select type, data from outbox_events where type like 'webhook%' and brand_id = (select id from brands where slug = $1) order by position`;
    return (await service.owner.query<{ type: string; data: any }>(sql, [world.slug])).rows;
  };

  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
  });
  afterAll(() => service.stop());

  describe('are created', () => {
    it('with a secret that is shown once', async () => {
      const { secret, ...endpoint } = ok(await create({ description: 'CRM' }));
      expect(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
      expect(endpoint).toEqual({
        ...hook,
        id: expect.stringMatching(/^whe_[0-9a-v]{26}$/),
        brand_id: world.brandId,
        description: 'CRM',
        status: 'enabled',
        disabled_reason: null,
        failing_since: null,
        version: 1,
        created_at: expect.any(String),
        updated_at: endpoint.created_at,
      });
      expect(ok(await read(endpoint.id))).toEqual(endpoint);
      expect(ok(await world.call({ path: path() })).data).toEqual([endpoint]);
    });

    it('up to twenty in a brand, also when they come at once', async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => create()));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
      for (const answer of answers.filter(({ status }) => status !== 201)) expectProblem(answer, 409, 'webhook_endpoints_full');
      ok(await remove(answers.find(({ status }) => status === 201)!.body.id));
      expect(await create()).toMatchObject({ status: 201 });
      expectProblem(await create(), 409, 'webhook_endpoints_full');
    });

    it.each([
      ['not a URL', 'shop.example/hooks'],
      ['nothing', 'https://'],
      ['plain HTTP', 'http://shop.example/'],
      ['another protocol', 'ftp://shop.example/'],
      ['a file', 'file:///etc/passwd'],
      ['another port', 'https://shop.example:8080/'],
      ['port 80', 'https://shop.example:80/'],
      ['a user', 'https://user@shop.example/'],
      ['a password', 'https://:pass@shop.example/'],
      ['a fragment', 'https://shop.example/#here'],
      ['an empty fragment', 'https://shop.example/#'],
      ['a space', 'https://shop.example/a b'],
      ['this machine', 'https://127.0.0.1/'],
      ['this machine in one number', 'https://2130706433/'],
      ['this machine in hexadecimal', 'https://0x7f000001/'],
      ['this machine in octal', 'https://0177.0.0.1/'],
      ['this machine, shortened', 'https://127.1/'],
      ['this machine with a dot', 'https://127.0.0.1./'],
      ['this machine in wide digits', 'https://１２７.0.0.1/'],
      ['this machine, escaped', 'https://%31%32%37.0.0.1/'],
      ['this machine behind backslashes', 'https:\\\\127.0.0.1\\'],
      ['any address', 'https://0.0.0.0/'],
      ['zero', 'https://0/'],
      ['a private network', 'https://10.1.2.3/'],
      ['another private network', 'https://172.16.0.1/'],
      ['a third private network', 'https://192.168.1.1:8443/'],
      ['the metadata of a cloud', 'https://169.254.169.254/latest/meta-data'],
      ['a network of a provider', 'https://100.64.0.1/'],
      ['a reserved network', 'https://240.0.0.1/'],
      ['a network for examples', 'https://192.0.2.1/'],
      ['a network for measuring', 'https://198.18.0.1/'],
      ['everybody', 'https://255.255.255.255/'],
      ['a group', 'https://224.0.0.1/'],
      ['this machine in IPv6', 'https://[::1]/'],
      ['any address in IPv6', 'https://[::]/'],
      ['this machine, mapped', 'https://[::ffff:127.0.0.1]/'],
      ['this machine, mapped in hexadecimal', 'https://[::ffff:7f00:1]/'],
      ['this machine, translated', 'https://[64:ff9b::7f00:1]/'],
      ['this machine, tunnelled', 'https://[2002:7f00:1::]/'],
      ['this machine, in the old way', 'https://[::127.0.0.1]/'],
      ['a local link', 'https://[fe80::1]/'],
      ['a private network in IPv6', 'https://[fd12:3456::1]/'],
      ['a group in IPv6', 'https://[ff02::1]/'],
    ])('never for %s', async (_, url) => {
      expectProblem(await create({ url }), 400, 'invalid_request', '/url');
      const { id } = ok(await create());
      expectProblem(await patch(id, { url }), 400, 'invalid_request', '/url');
      expect(ok(await read(id))).toMatchObject({ url: hook.url, version: 1 });
    });

    it.each([
      ['https://shop.example', 'https://shop.example/'],
      ['HTTPS://Shop.Example:443/a?b=c', 'https://shop.example/a?b=c'],
      ['https://shop.example:8443/hooks', 'https://shop.example:8443/hooks'],
      ['https://8.8.8.8/', 'https://8.8.8.8/'],
      ['https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]/'],
      ['https://[::ffff:8.8.8.8]/', 'https://[::ffff:808:808]/'],
    ])('for %s, which is called as %s', async (url, called) => {
      expect(ok(await create({ url }))).toMatchObject({ url: called });
    });

    it.each([[[]], [['licence.*']], [['license']], [['*', '*']], ['*'], [null], [[7]], [['license.*', 'nothing.at_all']], [undefined]])(
      'never for the events %j',
      async (event_types) => {
        expectProblem(await create({ event_types }), 400, 'invalid_request', '/event_types');
      },
    );
  });

  it('are changed, switched off and on, and told so without a secret', async () => {
    const { id, secret } = ok(await create());
    const changed = ok(await patch(id, { url: 'https://other.example/', event_types: ['*'], description: 'other' }));
    expect(changed).toMatchObject({ id, url: 'https://other.example/', event_types: ['*'], description: 'other', version: 2 });
    expect(ok(await patch(id, { url: 'https://other.example/' }))).toEqual(changed);
    expect(ok(await patch(id, { status: 'disabled' }))).toMatchObject({ status: 'disabled', disabled_reason: 'requested' });
    expect(ok(await patch(id, { status: 'enabled', description: null }))).toMatchObject({ status: 'enabled', disabled_reason: null });
    ok(await post(id, 'rotate-secret', {}));
    ok(await remove(id));
    expect((await events()).map(({ type }) => type.replace('webhook_endpoint.', ''))).toEqual([
      'created',
      'updated',
      'disabled',
      'updated',
      'enabled',
      'secret_rotated',
      'deleted',
    ]);
    expect(JSON.stringify(await events())).not.toContain(secret.slice(6, 40));
  });

  it('get a new secret under the same id', async () => {
    const { id, secret } = ok(await create());
    const rotated = ok(await post(id, 'rotate-secret', { overlap_seconds: 60 }));
    expect(rotated).toMatchObject({ id, version: 2, secret: expect.stringMatching(/^whsec_/) });
    expect(rotated.secret).not.toBe(secret);
    expectProblem(await post(id, 'rotate-secret', { overlap_seconds: -1 }), 400, 'invalid_request', '/overlap_seconds');
  });

  it('are gone once they are deleted, with their secrets', async () => {
    const { id } = ok(await create());
    ok(await post(id, 'rotate-secret', {}));
    ok(await post(id, 'test'));
    expect(ok(await remove(id))).toMatchObject({ id, status: 'disabled', disabled_reason: 'deleted' });
    await service.settle('stray webhooks');
    for (const answer of [
      await read(id),
      await remove(id),
      await patch(id, {}),
      await post(id, 'test'),
      await post(id, 'rotate-secret', {}),
    ])
      expectProblem(answer, 404, 'webhook_endpoint_not_found');
    expectProblem(await world.call({ path: path(`/${id}/deliveries`) }), 404, 'webhook_endpoint_not_found');
    expect(ok(await world.call({ path: path() })).data).toEqual([]);
    const sql = `select e.secret, e.previous_secret, d.status from webhook_endpoints e join webhook_deliveries d on d.endpoint_id = e.id
                  where e.brand_id = (select id from brands where slug = $1)`;
    expect((await service.owner.query(sql, [world.slug])).rows).toEqual([{ secret: null, previous_secret: null, status: 'cancelled' }]);
  });

  it('that are disabled are sent nothing, and lose what waits', async () => {
    const { id } = ok(await create());
    const test = await post(id, 'test');
    expect(test).toMatchObject({
      status: 202,
      body: { endpoint_id: id, cause: 'test', status: 'pending', attempts: [], event_type: 'webhook_endpoint.test' },
    });
    ok(await patch(id, { status: 'disabled' }));
    await service.settle('stray webhooks');
    expect(await deliveries(id)).toMatchObject([{ id: test.body.id, status: 'cancelled', next_attempt_at: null }]);
    expectProblem(await post(id, 'test'), 409, 'webhook_endpoint_disabled');
    expectProblem(await post(id, 'replay', { since: '2026-01-01T00:00:00Z' }), 409, 'webhook_endpoint_disabled');
    ok(await patch(id, { status: 'enabled' }));
    expect((await deliveries(id)).map(({ status }: any) => status)).toEqual(['cancelled']);
  });

  it.each([
    [{}, '/since'],
    [{ until: '2026-01-01T00:00:00Z' }, '/since'],
    [{ event_id: 'lic_06efg00000e0082000000000000' }, '/event_id'],
    [{ event_id: 'evt_06efg00000e0082000000000000', since: '2026-01-01T00:00:00Z' }, '/event_id'],
    [{ since: 'yesterday' }, '/since'],
    [{ since: '2026-01-02T00:00:00Z', until: '2026-01-02T00:00:00Z' }, '/until'],
    [{ since: '2026-01-02T00:00:00Z', status: 'failed' }, '/status'],
  ])('are replayed nothing that is asked for like %j', async (body, pointer) => {
    expectProblem(await post(ok(await create()).id, 'replay', body), 400, 'invalid_request', pointer);
  });

  it('show another brand nothing, on no way', async () => {
    const { id } = ok(await create());
    const stranger = await createBrandWorld(service);
    const calls = [
      { path: '' },
      { method: 'PATCH', path: '', body: { status: 'disabled' } },
      { method: 'DELETE', path: '' },
      { path: '/rotate-secret', body: {} },
      { method: 'POST', path: '/test' },
      { path: '/replay', body: { since: '2026-01-01T00:00:00Z' } },
      { path: '/deliveries' },
    ];
    for (const { path: rest, ...call } of calls) {
      expectProblem(await stranger.call({ ...call, path: path(`/${id}${rest}`, stranger) }), 404, 'webhook_endpoint_not_found');
      expectProblem(await stranger.call({ ...call, path: path(`/${id}${rest}`) }), 404, 'brand_not_found');
    }
    expect(ok(await stranger.call({ path: path('', stranger) })).data).toEqual([]);
    expect(ok(await read(id))).toMatchObject({ version: 1, status: 'enabled' });
  });

  it('leave the path and the query of their address, which may hold a password, in no event and no audit row', async () => {
    const { id } = ok(await create({ url: 'https://shop.example/t0ken-path?key=t0ken-query', event_types: ['*'] }));
    ok(await patch(id, { url: 'https://shop.example/t0ken-other?key=t0ken-query' }));
    ok(await patch(id, { url: 'https://other.example/t0ken-path', status: 'disabled' }));
    ok(await patch(id, { status: 'enabled' }));
    ok(await post(id, 'rotate-secret', {}));
    ok(await post(id, 'test'));
    expect(ok(await read(id))).toMatchObject({ url: 'https://other.example/t0ken-path' });
    ok(await remove(id));
    const sql = `select string_agg(to_jsonb(t)::text, e'\\n') as text, count(*)::int from %s t where brand_id = (select id from brands where slug = $1)`;
    for (const table of ['outbox_events', 'audit_logs']) {
      const { rows } = await service.owner.query(sql.replace('%s', table), [world.slug]);
      expect(rows[0].count).toBeGreaterThan(7);
      expect(rows[0].text).not.toContain('t0ken');
      expect(rows[0].text).toContain('https://other.example');
    }
  });

  it('are audited without their secrets', async () => {
    const { id, secret } = ok(await create());
    const rotated = ok(await post(id, 'rotate-secret', {}));
    ok(await patch(id, { url: 'https://other.example/' }));
    const { rows } = await service.owner.query('select action, before, after from audit_logs where target = $1 order by position', [id]);
    expect(rows.map(({ action }) => action)).toEqual(['created', 'secret_rotated', 'updated'].map((what) => `webhook_endpoint.${what}`));
    expect(rows[2]).toMatchObject({ before: { origin: 'https://shop.example' }, after: { origin: 'https://other.example' } });
    for (const one of [secret, rotated.secret]) expect(JSON.stringify(rows)).not.toContain(one.slice(6, 40));
    expect(JSON.stringify(rows)).not.toMatch(/secret"|Buffer/);
  });
});
