import { QueryBus } from '@nestjs/cqrs';
import { Client } from 'pg';
import { Background } from '../../libs/messaging/background';
import { runtimeUrl } from '../../libs/testing/database';
import { type Call, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { VerifyAuditLogs } from '../../src/audit';
import { auditOf } from '../fixtures/audit';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(30_000);

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

const { sql, seal } = auditOf(() => service);

/** Some of everything that changes something, as operators and as the brand. */
function commandsOf({ slug, key, keyId, licenseId, licenseKeyId, product, email }: BrandWorld, activationId: string): Call[] {
  const own = (method: string, path: string, body?: object): Call => ({ method, path, key, ...(body && { body }) });
  return [
    { method: 'PATCH', path: `/v1/brands/${slug}`, key: service.internalKey, body: { name: 'Renamed' } },
    own('POST', `/v1/brands/${slug}/products`, { code: 'lite', name: 'Lite' }),
    own('PATCH', `/v1/brands/${slug}/products/${product}`, { name: 'Renamed' }),
    own('POST', `/v1/brands/${slug}/licenses`, { customer_email: email, licenses: [{ product_code: product }] }),
    own('PATCH', `/v1/licenses/${licenseId}`, { seat_limit: 7, metadata: { order: '1' } }),
    own('PATCH', `/v1/licenses/${licenseId}/renew`, { extend_days: 30 }),
    own('PATCH', `/v1/licenses/${licenseId}/status`, { status: 'suspended', reason: 'chargeback' }),
    own('DELETE', `/v1/activations/${activationId}`),
    own('POST', `/v1/license-keys/${licenseKeyId}/reissue`, {}),
    own('POST', `/v1/brands/${slug}/api-keys`, { name: 'spare' }),
    own('POST', `/v1/brands/${slug}/api-keys/${keyId}/rotate`, { overlap_seconds: 3600 }),
  ];
}

const aBusyBrand = async () => {
  const world = await createBrandWorld(service);
  const { activation } = ok(await world.ask('activate'));
  return { world, commands: commandsOf(world, activation.id) };
};

describe('The audit log', () => {
  it('has a row for every event of a committed command, and no other', async () => {
    const { world, commands } = await aBusyBrand();
    for (const command of commands) ok(await service.call(command));
    ok(await world.ask('verify'));
    const [told, noted] = await Promise.all([
      sql(`select brand_id, actor, type as action, data ->> 'id' as target, request_id, occurred_at from outbox_events
            where actor is distinct from 'license_key' order by position`),
      sql(`select brand_id, actor, action, target, request_id, occurred_at from audit_logs where outcome = 'done' order by position`),
    ]);
    expect(noted.length).toBeGreaterThan(15);
    expect(noted).toEqual(told.map((row) => ({ ...row, actor: row.actor ?? 'latchkey' })));
    const [products] = await sql(`select count(*)::int from outbox_events where actor = 'license_key'`);
    expect(products.count).toBeGreaterThan(0);
  });

  it('says what changed, as it was and as it is', async () => {
    const { licenseId, call, keyId } = await createBrandWorld(service, { seats: 5 });
    const before = ok(await call({ path: `/v1/licenses/${licenseId}` }));
    ok(await call({ method: 'PATCH', path: `/v1/licenses/${licenseId}/status`, body: { status: 'suspended' } }));
    ok(await call({ method: 'PATCH', path: `/v1/licenses/${licenseId}`, body: { seat_limit: 9 } }));
    const rows = await sql('select action, actor, before, after, ip, code from audit_logs where target = $1 order by position', [
      licenseId,
    ]);
    expect(rows.map(({ action, before, after }) => [action, before, after])).toEqual([
      ['license.provisioned', null, expect.objectContaining({ id: licenseId, status: 'valid' })],
      ['license.suspended', { status: before.status }, { status: 'suspended' }],
      ['license.updated', { seat_limit: 5, seat_ceiling: 5 }, { seat_limit: 9, seat_ceiling: 9 }],
    ]);
    for (const row of rows) expect(row).toMatchObject({ actor: keyId, code: null, ip: '127.0.0.1' });
  });

  it('tells the change of a secret from something new, and shows nothing of it', async () => {
    const { slug, call } = await createBrandWorld(service);
    const path = `/v1/brands/${slug}/webhook-endpoints`;
    const { id } = ok(await call({ path, body: { url: 'https://example.com/', event_types: ['*'] } }));
    ok(await call({ path: `${path}/${id}/rotate-secret`, body: { overlap_seconds: 0 } }));
    const rows = await sql('select action, before, after from audit_logs where target = $1 order by position', [id]);
    expect(rows).toEqual([
      { action: 'webhook_endpoint.created', before: null, after: expect.objectContaining({ id }) },
      { action: 'webhook_endpoint.secret_rotated', before: {}, after: {} },
    ]);
  });

  it('holds no secret and no e-mail address', async () => {
    const { world, commands } = await aBusyBrand();
    const secrets = [world.key, world.licenseKey, service.internalKey];
    for (const command of commands) {
      const body = ok(await service.call(command));
      for (const secret of [body.secret, body.key, body.license_key?.key]) if (typeof secret === 'string') secrets.push(secret);
    }
    // What a caller puts where it does not belong.
    for (const secret of [...secrets]) {
      await world.call({ method: 'PATCH', path: `/v1/licenses/${secret}/renew`, body: { extend_days: 1 } });
      await world.call({ method: 'PATCH', path: `/v1/brands/${secret.replaceAll('_', '')}/products/${secret}`, body: { name: 'x' } });
    }
    const text = (await sql<{ row: string }>('select to_jsonb(l)::text as row from audit_logs l')).map(({ row }) => row).join('\n');
    expect(secrets.length).toBeGreaterThan(5);
    expect(secrets.flatMap((secret) => [secret, secret.slice(-12)]).filter((part) => text.includes(part))).toEqual([]);
    expect(text).not.toMatch(/@|hash|email/);
  });

  it('cannot be changed by the service', async () => {
    const runtime = new Client({ connectionString: runtimeUrl(service.database) });
    await runtime.connect();
    await runtime.query(`set app.all_brands = 'on'`);
    for (const statement of [
      `update audit_logs set actor = 'me'`,
      'delete from audit_logs',
      'truncate audit_logs',
      'delete from audit_seals',
    ]) {
      await expect(runtime.query(statement)).rejects.toMatchObject({ code: '42501' });
    }
    await runtime.end();
  });

  describe('that cannot be written', () => {
    beforeAll(() =>
      service.owner.query(`create function broken() returns trigger language plpgsql as $$ begin raise exception 'no more paper'; end $$;`),
    );
    afterEach(() => service.owner.query('drop trigger if exists broken on audit_logs'));
    const breakIt = () => service.owner.query('create trigger broken before insert on audit_logs for each row execute function broken()');

    it('lets no change happen', async () => {
      const { commands } = await aBusyBrand();
      commands.push({ path: '/v1/brands', key: service.internalKey, body: { slug: 'unheard-of', name: 'No', key_prefix: 'UNHEARD' } });
      await breakIt();
      const before = await state();
      for (const command of commands) expect([command.path, await service.call(command)]).toMatchObject([command.path, { status: 500 }]);
      expect(await state()).toEqual(before);
    });

    it('holds no product up', async () => {
      const world = await createBrandWorld(service);
      await breakIt();
      for (const question of ['activate', 'verify', 'deactivate'] as const) expect((await world.ask(question)).status).toBeLessThan(300);
    });

    it('holds no refusal back, which is logged as an error', async () => {
      const world = await createBrandWorld(service);
      const { secret } = await world.issueKey(['licenses:read']);
      const renew: Call = { method: 'PATCH', path: `/v1/licenses/${world.licenseId}/renew`, key: secret, body: { extend_days: 1 } };
      const answer = await service.call(renew);
      await breakIt();
      const unheard = await service.call({ ...renew, headers: { 'x-request-id': 'unheard' } });
      expect(unheard).toMatchObject({ status: 403, body: { code: 'scope_missing', detail: answer.body.detail } });
      const [line] = service.logged.map((text) => JSON.parse(text)).filter((one) => /could not be written down/.test(one.msg));
      expect(line).toMatchObject({
        level: 50,
        request_id: 'unheard',
        code: 'scope_missing',
        action: 'renewLicense',
        target: world.licenseId,
      });
    });
  });
});

/** All that a change could leave. */
async function state(): Promise<unknown> {
  const tables = [
    'brands',
    'products',
    'api_keys',
    'license_keys',
    'licenses',
    'activations',
    'outbox_events',
    'audit_logs',
    'audit_seals',
  ];
  const sums = tables.map(
    (name) =>
      `select '${name}' as name, count(*), sum(hashtextextended((to_jsonb(t) - 'last_used_at' - 'sequence')::text, 0)) from "${name}" t`,
  );
  return sql(sums.join(' union all '));
}

describe('Sealing', () => {
  it('chains all rows without a gap, however many instances do it while more are written', async () => {
    const other = await serviceOver(runtimeUrl(service.database), { BACKGROUND_WORK: 'false' });
    const worlds = [await createBrandWorld(service), await createBrandWorld(service)];
    let writing = true;
    const write = async ({ call, licenseId }: BrandWorld) => {
      for (let i = 0; i < 40; i++) {
        ok(await call({ method: 'PATCH', path: `/v1/licenses/${licenseId}`, body: { metadata: { i: `${i}` } } }));
      }
    };
    const sealing = [service.app, other.app].map(async (app) => {
      while (writing) await app.get(Background).settle('audit sealer');
    });
    const written = Promise.all([...worlds, ...worlds].map(write)).finally(() => (writing = false));
    const [failure] = (await Promise.allSettled([written, ...sealing])).filter(({ status }) => status === 'rejected');
    expect(failure).toBeUndefined();
    await Promise.all([seal(), other.app.get(Background).settle('audit sealer')]);
    await other.stop();

    const [gaps] = await sql(`select count(*)::int from (
      select sequence - row_number() over (partition by brand_id order by sequence) as gap from audit_seals) s where gap is distinct from 0`);
    expect(gaps.count).toBe(0);
    const [{ rows }] = await sql('select count(*)::int as rows from audit_logs');
    const reports = await service.app.get(QueryBus).execute(new VerifyAuditLogs(null, [], () => undefined));
    expect(reports.reduce((sum, report) => sum + report.rows, 0)).toBe(rows);
    expect(reports.filter(({ finding, waiting }) => finding || waiting.count > 0)).toEqual([]);
  });
});
