import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { Cache } from '../../libs/persistence/cache';
import { Database } from '../../libs/persistence/database';
import { runtimeUrl } from '../../libs/testing/database';
import { callOn, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, everyScope, ok } from '../../libs/testing/world';
import { readConfig } from '../../src/core/config';
import { startService } from '../../src/service';
import { expectProblem } from './contract';

describe('API keys', () => {
  let service: TestService;
  let world: BrandWorld;
  const path = (rest = '') => `/v1/brands/${world.slug}/api-keys${rest}`;
  const issue = (body: object, key = world.key) => service.call({ key, path: path(), body: { name: 'shop', ...body } });
  const rotate = (id: string, body: object = {}, key = world.key) => service.call({ key, path: path(`/${id}/rotate`), body });
  const revoke = (id: string) => world.call({ method: 'DELETE', path: path(`/${id}`) });
  const listed = async (wanted: string) =>
    ok(await world.call({ path: path('?limit=100') })).data.find(({ id }: { id: string }) => id === wanted);
  /** What was changed behind the back of the service, it would see seconds later. */
  const forgetKeys = () => service.app.get(Cache).forget('api_keys');
  const statusWith = async (key: string) => (await service.call({ key, path: '/v1/licenses' })).status;

  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
  });
  afterAll(() => service.stop());

  describe('are issued', () => {
    it('with a secret that is shown once and kept nowhere', async () => {
      const { secret, ...key } = ok(await issue({ scopes: ['licenses:read'], expires_at: '2099-01-01T00:00:00+01:00' }));
      expect(secret).toMatch(/^lk_test_b_[0-9A-Za-z]{8}_[0-9A-Za-z]{27}[0-9A-Za-z]{6}$/);
      expect(key).toMatchObject({ role: 'brand', brand_id: world.brandId, name: 'shop', hint: `${secret.slice(0, 18)}_…` });
      expect(key).toMatchObject({ expires_at: '2098-12-31T23:00:00.000Z', last_used_at: null, revoked_at: null });
      expect(await listed(key.id)).toEqual(key);
      const { rows } = await service.owner.query(
        `select api_keys::text as row from api_keys union all select outbox_events::text from outbox_events`,
      );
      const tail = secret.slice(19);
      expect(rows.filter(({ row }) => row.includes(tail) || row.includes(Buffer.from(secret).toString('hex')))).toEqual([]);
    });

    it('for everything but API keys, unless told', async () => {
      const { scopes } = ok(await issue({}));
      expect(scopes).toEqual(expect.arrayContaining(['products:write', 'licenses:write', 'webhooks:write', 'events:read', 'audit:read']));
      expect(scopes.filter((scope: string) => scope.startsWith('api_keys'))).toEqual([]);
    });

    it.each([
      [[]],
      [['everything']],
      [['*']],
      [['brands:write']],
      [['licenses:read', 'licenses:read']],
      ['licenses:read'],
      [null],
      [[['licenses:read']]],
    ])('never with the scopes %j', async (scopes) => {
      expectProblem(await issue({ scopes }), 400, 'invalid_request', '/scopes');
    });

    it('never with a scope that the caller lacks, asked for or by default', async () => {
      const { secret } = await world.issueKey(['api_keys:write', 'licenses:read']);
      for (const [body, scope] of [
        [{ scopes: ['licenses:write'] }, 'licenses:write'],
        [{ scopes: ['licenses:read', 'api_keys:read'] }, 'api_keys:read'],
        [{}, 'products:read'],
      ] as const) {
        const answer = await issue(body, secret);
        expectProblem(answer, 403, 'scope_not_grantable');
        expect(answer.body).toMatchObject({ scope });
      }
      expect(await issue({ scopes: ['licenses:read'] }, secret)).toMatchObject({ status: 201 });
    });
  });

  describe('that are rotated', () => {
    const start = () => world.issueKey(['licenses:read']);

    it('keep id and scopes, and both secrets work until the overlap ends', async () => {
      const old = await start();
      const { secret, ...rotated } = ok(await rotate(old.id, { overlap_seconds: 60 }));
      expect(rotated).toMatchObject({ id: old.id, scopes: ['licenses:read'] });
      expect(secret).not.toBe(old.secret);
      expect([await statusWith(old.secret), await statusWith(secret)]).toEqual([200, 200]);
      await service.owner.query(`update api_keys set previous_until = now() where previous_until is not null`);
      forgetKeys();
      expect([await statusWith(old.secret), await statusWith(secret)]).toEqual([401, 200]);
    });

    it('overlap for a day unless told, and not at all when told so', async () => {
      const [usual, abrupt] = [await start(), await start()];
      ok(await rotate(usual.id));
      const { rows } = await service.owner.query(
        `select round(extract(epoch from previous_until - now())) as left from api_keys where previous_until is not null and brand_id = (select id from brands where slug = $1)`,
        [world.slug],
      );
      expect(rows).toEqual([{ left: expect.stringMatching(/^86(400|39\d)$/) }]);
      const { secret } = ok(await rotate(abrupt.id, { overlap_seconds: 0 }));
      expect([await statusWith(abrupt.secret), await statusWith(secret)]).toEqual([401, 200]);
    });

    it('never have three secrets that work', async () => {
      const first = await start();
      const second = ok(await rotate(first.id));
      const third = ok(await rotate(first.id));
      expect([await statusWith(first.secret), await statusWith(second.secret), await statusWith(third.secret)]).toEqual([401, 200, 200]);
    });

    it('give nobody scopes that he lacks', async () => {
      const { secret, id } = await world.issueKey(['api_keys:write']);
      const answer = await rotate(world.keyId, {}, secret);
      expectProblem(answer, 403, 'scope_not_grantable');
      expect(await statusWith(world.key)).toBe(200);
      expect(await rotate(id, {}, secret)).toMatchObject({ status: 200, body: { scopes: ['api_keys:write'] } });
    });

    it('stay revoked', async () => {
      const { id } = await start();
      ok(await revoke(id));
      expectProblem(await rotate(id), 409, 'api_key_revoked');
    });
  });

  describe('that are revoked', () => {
    it('are dead at once, with the secret before, and stay listed', async () => {
      const old = await world.issueKey(['licenses:read']);
      const { secret } = ok(await rotate(old.id));
      const revoked = ok(await revoke(old.id));
      expect(revoked.revoked_at).not.toBeNull();
      expect([await statusWith(old.secret), await statusWith(secret)]).toEqual([401, 401]);
      expect(ok(await revoke(old.id))).toEqual(revoked);
      expect(await listed(old.id)).toEqual(revoked);
    });

    it('are dead on every other instance within five seconds', async () => {
      const config = readConfig({ NODE_ENV: 'test', PORT: '0', DOCS: 'false' });
      const other = await startService(config, runtimeUrl(service.database), pino({ level: 'silent' }));
      try {
        const { id, secret } = await world.issueKey(['licenses:read']);
        const there = async () => (await callOn(other.url.replace('localhost', '127.0.0.1'), { path: '/v1/licenses', key: secret })).status;
        expect(await there()).toBe(200);
        const began = Date.now();
        ok(await revoke(id));
        while ((await there()) === 200 && Date.now() - began < 6_000) await new Promise((resolve) => setTimeout(resolve, 100));
        expect(await there()).toBe(401);
        expect(Date.now() - began).toBeLessThan(5_000);
      } finally {
        await other.stop();
      }
    }, 15_000);

    it('can be the caller’s own', async () => {
      ok(await revoke(world.keyId));
      expect(await statusWith(world.key)).toBe(401);
    });
  });

  it('stop working when they expire', async () => {
    const { id, secret } = ok(await issue({ expires_at: '2099-01-01T00:00:00Z' }));
    expect(await statusWith(secret)).toBe(200);
    await service.owner.query(`update api_keys set expires_at = now() where expires_at = '2099-01-01T00:00:00Z'`);
    forgetKeys();
    expect(await statusWith(secret)).toBe(401);
    expect(await statusWith(ok(await rotate(id)).secret)).toBe(401);
    expect(await statusWith(ok(await issue({ expires_at: '2020-01-01T00:00:00Z' })).secret)).toBe(401);
    expect(await statusWith(ok(await issue({ expires_at: null })).secret)).toBe(200);
  });

  it('tell when they were last used, to the minute', async () => {
    const { id, secret } = await world.issueKey(['licenses:read']);
    expect((await listed(id)).last_used_at).toBeNull();
    await Promise.all(Array.from({ length: 5 }, () => statusWith(secret)));
    const first = (await listed(id)).last_used_at;
    expect(Date.now() - Date.parse(first)).toBeLessThan(10_000);
    await statusWith(secret);
    expect((await listed(id)).last_used_at).toBe(first);
    await service.owner.query(`update api_keys set last_used_at = now() - interval '61 seconds'`);
    forgetKeys();
    await statusWith(secret);
    expect(Date.parse((await listed(id)).last_used_at)).toBeGreaterThanOrEqual(Date.parse(first));
    const wrong = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A');
    const { rows: before } = await service.owner.query('select max(last_used_at) from api_keys');
    await statusWith(wrong);
    expect((await service.owner.query('select max(last_used_at) from api_keys')).rows).toEqual(before);
  });

  it('that were mistyped are refused without a question to the database', async () => {
    const db = service.app.get(Database);
    // What was made before is told to other instances a moment later.
    await sleep(100);
    const asked = [jest.spyOn(db, 'beforeBrand'), jest.spyOn(db, 'run')];
    for (const key of [
      world.key.slice(0, -1) + (world.key.endsWith('A') ? 'B' : 'A'),
      world.key.replace('lk_test_b', 'lk_test_i'),
      world.key.slice(0, -1),
      `${world.key.slice(0, -1)}!`,
      world.key.replace(/_b_./, '_b_~'),
      'lk_test_b_',
      'x'.repeat(200),
    ])
      expect(await statusWith(key)).toBe(401);
    for (const spy of asked) expect(spy).not.toHaveBeenCalled();
    forgetKeys();
    expect(await statusWith(world.key)).toBe(200);
    for (const spy of asked) expect(spy).toHaveBeenCalled();
    jest.restoreAllMocks();
  });

  it('of a brand reach only that brand, and an operator’s reach them all', async () => {
    const other = await createBrandWorld(service);
    const theirs = `/v1/brands/${other.slug}/api-keys`;
    expectProblem(await world.call({ path: theirs }), 404, 'brand_not_found');
    expectProblem(await world.call({ method: 'DELETE', path: path(`/${other.keyId}`) }), 404, 'api_key_not_found');
    expect(ok(await world.operate({ path: theirs })).data.map(({ id }: { id: string }) => id)).toEqual([other.keyId]);
    expect((await world.issueKey(everyScope)).secret).toMatch(/^lk_test_b_/);
    expect(service.internalKey).toMatch(/^lk_test_i_/);
  });
});
