import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../libs/persistence/embedded-postgres';
import { dropDatabase, freshDatabase, ownerUrl, withOwner } from '../../libs/testing/database';
import { callOn, type Call } from '../../libs/testing/service';
import { type Environment, gone, Home, inBash, isAlive, type LatchkeyProcess, printed, root } from './latchkey';

jest.setTimeout(60_000);

const instance = 'https://shop.example';
const verdictOn = (service: LatchkeyProcess, licenseKey: string) =>
  callOn(service.url, { path: '/v1/licenses/verify', body: { license_key: licenseKey, instance_id: instance } });
const seat = (licenseKey: string, id = instance): Call => ({
  path: '/v1/licenses/activate',
  body: { license_key: licenseKey, product_code: 'seo_pro', instance_id: id },
});
const reading = (message: RegExp) => expect.stringMatching(message);
/** One line for people: neither a stack nor a source position. */
const expectNoStack = (text: string) => expect(text).not.toMatch(/^\s+at |node:internal|\.js:\d+/m);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe('Latchkey on its own PostgreSQL', () => {
  const home = new Home();
  let first: LatchkeyProcess;
  let demo: ReturnType<typeof printed>;

  beforeAll(async () => {
    first = await home.start();
    demo = printed(first.stdout);
  });
  afterAll(() => home.remove());

  describe('the first start', () => {
    afterAll(async () => {
      await first.stop();
    });

    it('prints the secrets once, and a line to copy for each kind of call', () => {
      expect(first.stdout.match(/shown this once/g)).toHaveLength(1);
      // In the list, and in the line to paste.
      expect(first.stdout.split(demo.internalKey)).toHaveLength(3);
      expect(demo.internalKey).toMatch(/^lk_test_i_\w{8}_\w{33}$/);
      expect(demo.brandKey).toMatch(/^lk_test_b_\w{8}_\w{33}$/);
      expect(demo.licenseKey).toMatch(/^DEMO(-[0-9A-Z]{5}){6}$/);
      expect(demo.curls.map((line) => /\/v1\/\S+/.exec(line)?.[0])).toEqual([
        '/v1/licenses/activate',
        '/v1/licenses/verify',
        '/v1/licenses/deactivate',
        '/v1/brands/demo/licenses',
      ]);
      expect(first.stderr).toBe('');
    });

    it('prints lines that work as they stand', async () => {
      const answers: any[] = [];
      for (const line of demo.curls) {
        const { code, stdout } = await inBash(line);
        expect({ line, code }).toEqual({ line, code: 0 });
        answers.push(JSON.parse(stdout));
      }
      const [activated, verdict, deactivated, provisioned] = answers;
      expect(activated).toMatchObject({ activation: { instance_id: instance }, license: { seats: { limit: 3, used: 1 } } });
      expect(verdict).toMatchObject({ valid: true, code: 'valid', activation: { instance_id: instance } });
      expect(deactivated).toMatchObject({ deactivated: true, seats: { used: 0 } });
      expect(provisioned).toMatchObject({ license_key: { key: reading(/^DEMO-/) }, licenses: [{ product_code: 'seo_pro' }] });
    });

    it('gives API keys that open what they are for', async () => {
      const asBrand = await callOn(first.url, { path: '/v1/brands/licenses?email=john@example.com', key: demo.brandKey });
      const asOperator = await callOn(first.url, { path: '/v1/brands', key: demo.internalKey });
      expect(asBrand.body.data).toHaveLength(1);
      expect(asOperator.body.data).toMatchObject([{ slug: 'demo' }]);
    });

    it('serves the docs, and the contract as it is committed', async () => {
      const page = await fetch(`${first.url}/docs`);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, reading(/^text\/html/)]);
      expect(await page.text()).toContain('swagger-ui');
      const { status, body } = await callOn(first.url, { path: '/openapi.json' });
      expect(status).toBe(200);
      expect(body).toEqual(JSON.parse(readFileSync(join(root, 'openapi/openapi.json'), 'utf8')));
    });

    it('logs one line of JSON a request, and no license key in any', async () => {
      const call = (id: string, { headers = {}, ...rest }: Call) =>
        callOn(first.url, { ...rest, headers: { ...headers, 'x-request-id': id } });
      const inPath = await call('in-path', { path: `/v1/licenses/${demo.licenseKey}` });
      const typed = await call('typed', { path: `/v1/licenses/${demo.licenseKey.toLowerCase().replaceAll('-', '')}` });
      await call('managed', { path: '/v1/licenses', key: demo.brandKey });
      await call('nowhere', { path: `/nowhere/${demo.licenseKey}?license_key=${demo.licenseKey}` });
      expect([inPath.body.valid, typed.body.valid]).toEqual([true, true]);
      await first.until(() => first.stdout.includes('"nowhere"'));

      const brand = reading(/^brd_/);
      const line = (id: string) => first.logged.filter(({ request_id }) => request_id === id);
      const fields = { level: expect.any(Number), time: expect.any(String), duration_ms: expect.any(Number), method: 'GET' };
      expect(line('in-path')).toEqual([expect.objectContaining({ ...fields, route: reading(/^\/v1\/licenses\/:/), status: 200, brand })]);
      expect(line('managed')).toEqual([expect.objectContaining({ ...fields, route: '/v1/licenses', status: 200, brand })]);
      expect(line('nowhere')).toEqual([expect.objectContaining({ ...fields, status: 404, brand: null })]);

      const lines = first.stdout.split('\n').filter((text) => text.startsWith('{'));
      const secrets = [demo.licenseKey, demo.licenseKey.replaceAll('-', ''), demo.brandKey, demo.internalKey];
      for (const secret of secrets) expect(lines.join('\n').toUpperCase()).not.toContain(secret.toUpperCase());
    });

    it('ends with Ctrl-C, service and PostgreSQL alike', async () => {
      const postgres = home.postgresPid!;
      expect(isAlive(postgres)).toBe(true);
      expect(await first.stop('SIGINT')).toBe(0);
      expect([isAlive(first.pid), isAlive(postgres), home.postgresPid]).toEqual([false, false, null]);
      expect(first.stderr).toBe('');
    });
  });

  describe('a later start', () => {
    afterEach(() => home.quiet());

    it('has the data, opens to the same keys, and prints no secret', async () => {
      const service = await home.start();
      await callOn(service.url, seat(demo.licenseKey));
      expect((await verdictOn(service, demo.licenseKey)).body).toMatchObject({ valid: true, activation: { instance_id: instance } });
      const found = await callOn(service.url, { path: '/v1/brands/licenses?email=john@example.com', key: demo.brandKey });
      expect(found.body.data).toHaveLength(1);
      expect((await callOn(service.url, { path: '/v1/brands', key: demo.internalKey })).body.data).toHaveLength(1);
      expect(await service.stop()).toBe(0);
      expect(service.output).not.toMatch(/lk_|DEMO/);
      expect(service.output).not.toContain('shown this once');
    });

    it('has the data when the one before was killed, and stops the PostgreSQL that it found running', async () => {
      const killed = await home.start();
      const id = 'https://before-the-crash.example';
      expect((await callOn(killed.url, seat(demo.licenseKey, id))).status).toBe(201);
      await killed.kill();
      const orphan = home.postgresPid!;
      expect(isAlive(orphan)).toBe(true);

      const service = await home.start();
      expect(home.postgresPid).toBe(orphan);
      expect((await callOn(service.url, seat(demo.licenseKey, id))).status).toBe(200);
      expect(await service.stop()).toBe(0);
      expect(isAlive(orphan)).toBe(false);
    });

    it('has the data when PostgreSQL was killed as well', async () => {
      const killed = await home.start();
      const id = 'https://before-the-outage.example';
      const { status } = await callOn(killed.url, seat(demo.licenseKey, id));
      const postgres = home.postgresPid!;
      process.kill(postgres, 'SIGKILL');
      await killed.kill();
      await gone(postgres);

      const service = await home.start();
      expect([status, (await callOn(service.url, seat(demo.licenseKey, id))).status]).toEqual([201, 200]);
    });

    it('refuses a directory that another service has, and leaves that one alone', async () => {
      const service = await home.start();
      const second = home.launch();
      expect(await second.exit()).toBe(1);
      expect(second.output).toBe(`Another Latchkey is running on ${home.data}. Stop it, or set LATCHKEY_DATA_DIR.\n`);
      expect((await verdictOn(service, demo.licenseKey)).body.valid).toBe(true);
      expect(await service.stop()).toBe(0);
    });

    it('says that its port is taken, and stops PostgreSQL again', async () => {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      const { port } = holder.address() as { port: number };
      const service = home.launch({ PORT: String(port) });
      expect(await service.exit()).toBe(1);
      holder.close();
      expect(service.stderr).toMatch(new RegExp(`^The port is taken: .*:${port}\\b.* Set PORT to another\\.\n$`));
      expectNoStack(service.output);
      expect(home.postgresPid).toBeNull();
    });

    it('can be stopped before it is up, and leaves no PostgreSQL behind', async () => {
      const service = home.launch();
      await service.until(() => home.postgresPid);
      expect(await service.stop('SIGINT')).toBe(0);
      expect([home.postgresPid, service.stderr]).toEqual([null, '']);
    });
  });

  describe('a stop', () => {
    /** Holds the license, so that everybody who wants a seat of it waits. */
    async function holdLicense() {
      const owner = await home.connect();
      await owner.query('begin');
      await owner.query(`select from licenses where product_code = 'seo_pro' and customer_email = 'jane@example.com' for update`);
      return { letGo: () => owner.query('commit').then(() => owner.end()) };
    }
    const waiting = () => home.ask(`select from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'latchkey'`);

    afterEach(() => home.quiet());

    it('lets every request under way have its answer, and then does not tarry', async () => {
      const service = await home.start();
      await home.ask(`update activations set deactivated_at = now() where deactivated_at is null`);
      await home.ask(`update licenses set seats_used = 0`);
      const postgres = home.postgresPid!;
      const license = await holdLicense();
      const calls = Array.from({ length: 30 }, (_, i) => callOn(service.url, seat(demo.licenseKey, `last-${i}`)));
      const settled = Promise.allSettled(calls);
      // All of them wait on one connection.
      while ((await waiting()).length === 0) await sleep(10);
      await sleep(300);
      service.send('SIGTERM');
      await service.until(() => service.stdout.includes('stopping'));
      await sleep(100);
      await license.letGo();

      const answers = await settled;
      const statuses = answers.map((one) => (one.status === 'fulfilled' ? one.value.status : String(one.reason)));
      expect(statuses.sort()).toEqual([...Array<number>(3).fill(201), ...Array<number>(27).fill(409)]);
      const answered = performance.now();
      expect(await service.exit()).toBe(0);
      // The callers keep their connections open. SHUTDOWN_SECONDS is 10.
      expect(performance.now() - answered).toBeLessThan(5000);
      expect([isAlive(postgres), service.stderr]).toEqual([false, '']);
    });

    it('waits for nobody longer than SHUTDOWN_SECONDS', async () => {
      const service = await home.start({ SHUTDOWN_SECONDS: '1' });
      // It announces a body that never comes.
      const endless = connect(Number(new URL(service.url).port), '127.0.0.1').on('error', () => undefined);
      endless.write('POST /v1/licenses/verify HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{');
      await once(endless, 'connect');
      await sleep(100);
      const began = performance.now();
      expect(await service.stop('SIGTERM')).toBe(0);
      expect(performance.now() - began).toBeGreaterThan(900);
      expect(performance.now() - began).toBeLessThan(4000);
      endless.destroy();
    });

    it('answers and ends although nobody reads its log any more', async () => {
      const service = await home.start();
      const postgres = home.postgresPid!;
      service.deafen();
      for (let i = 0; i < 20; i++) expect((await fetch(`${service.url}/health`)).status).toBe(200);
      expect(await service.stop('SIGTERM')).toBe(0);
      expect(isAlive(postgres)).toBe(false);
    });

    it('is not disturbed by a second and a third signal', async () => {
      const service = await home.start();
      await home.ask(`update activations set deactivated_at = now() where deactivated_at is null`);
      await home.ask(`update licenses set seats_used = 0`);
      const postgres = home.postgresPid!;
      const license = await holdLicense();
      const call = callOn(service.url, seat(demo.licenseKey, 'https://patient.example'));
      while ((await waiting()).length < 1) await sleep(10);
      for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) {
        service.send(signal);
        await sleep(50);
      }
      await license.letGo();
      expect((await call).status).toBe(201);
      expect(await service.exit()).toBe(0);
      expect([isAlive(postgres), service.stderr]).toEqual([false, '']);
    });
  });
});

describe('Latchkey with wrong settings', () => {
  const home = new Home();
  afterAll(() => home.remove());

  it('names all of them at once, and does nothing', async () => {
    const wrong = {
      NODE_ENV: 'prod',
      PORT: '70000',
      DATABASE_URL: 'mysql://localhost/latchkey',
      REDIS_URL: 'localhost:6379',
      LICENSE_KEY_PEPPERS: '1:short',
      LOG_LEVEL: 'loud',
      DOCS: 'yes',
      SHUTDOWN_SECONDS: 'soon',
    };
    const service = home.launch(wrong);
    expect(await service.exit()).toBe(1);
    expect(service.stdout).toBe('');
    const [head, ...faults] = service.stderr.trimEnd().split('\n');
    expect([head, faults.pop()]).toEqual(['The settings are not right:', 'See .env.example for what each of them means.']);
    for (const fault of faults) expect(fault).toMatch(/^ {2}- [A-Z_]+ \w/);
    expect(new Set(faults.map((fault) => fault.split(' ')[3]))).toEqual(new Set(Object.keys(wrong)));
    expect(existsSync(home.data)).toBe(false);
  });

  it('says in one line what is wrong with an address', async () => {
    const refusals: [Environment, RegExp][] = [
      [{ DATABASE_URL: 'postgres://me@127.0.0.1:1/latchkey' }, /^The database does not answer: .* Check DATABASE_URL\.$/],
      [{ DATABASE_URL: 'postgres://me@nowhere.invalid/latchkey' }, /^The host is unknown: .*nowhere\.invalid.* Check DATABASE_URL/],
      [
        { DATABASE_URL: ownerUrl('no_such_database') },
        /^The database refuses: .*"no_such_database" does not exist.* Check DATABASE_URL\.$/,
      ],
      [{ HOST: '192.0.2.1' }, /^Cannot listen there: .*192\.0\.2\.1.* Check HOST/],
      [{ LATCHKEY_DATA_DIR: '/dev/null' }, /^The data directory \/dev\/null cannot be used: .* Set LATCHKEY_DATA_DIR/],
    ];
    const answers = refusals.map(async ([environment, message]) => {
      const service = home.launch(environment);
      expect(await service.exit()).toBe(1);
      expect(service.stderr.trimEnd()).toMatch(message);
      expect(service.stderr.trimEnd().split('\n')).toHaveLength(1);
    });
    await Promise.all(answers);
    expect(home.postgresPid).toBeNull();
  });
});

describe('Latchkey in production', () => {
  const home = new Home();
  let server: EmbeddedPostgres;
  let production: Environment;
  const start = (environment: Environment = {}) => home.start({ ...production, ...environment });
  const refused = async (environment: Environment) => {
    const service = home.launch(environment);
    expect(await service.exit()).toBe(1);
    expectNoStack(service.stderr);
    return service.stderr;
  };
  const ask = async (sql: string, database = 'postgres') => {
    const client = new Client({ connectionString: server.url(database) });
    await client.connect();
    return client
      .query(sql)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  };

  beforeAll(async () => {
    server = await openEmbeddedPostgres(join(home.path, 'postgres'), { durable: false, maxConnections: 50 });
    const secret = `1:${'0123456789abcdef'.repeat(2)}`;
    const secrets = { LICENSE_KEY_PEPPERS: secret, ENCRYPTION_KEYS: secret };
    production = { NODE_ENV: 'production', DATABASE_URL: server.url('postgres'), ...secrets };
  });
  afterEach(() => home.quiet());
  afterAll(async () => {
    await server.stop();
    await home.remove();
  });

  it('needs a database and peppers of its own, and says so in one go', async () => {
    const [both, one] = await Promise.all([refused({ NODE_ENV: 'production' }), refused({ ...production, LICENSE_KEY_PEPPERS: '' })]);
    expect(both).toMatch(/^ {2}- DATABASE_URL is required in production/m);
    expect(both).toMatch(/^ {2}- LICENSE_KEY_PEPPERS is required in production/m);
    expect(one).toMatch(/^ {2}- LICENSE_KEY_PEPPERS is required in production/m);
    expect(one).not.toContain('DATABASE_URL is');
  });

  it('does not migrate by itself, and names the command that does', async () => {
    const message = /^The database is not migrated.* Run: npm run latchkey -- migrate\n$/;
    expect(await refused(production)).toMatch(message);
    expect(await ask(`select from pg_roles where rolname = 'latchkey_runtime'`)).toEqual([]);

    const { code, stdout, stderr } = await home.command(['migrate'], production);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: reading(/^Migrated: Core\d+/), stderr: '' });

    // Another database of the same server knows the role, and has no tables.
    await ask('create database empty');
    expect(await refused({ ...production, DATABASE_URL: server.url('empty') })).toMatch(message);
    expect(await ask(`select from pg_tables where schemaname = 'public'`, 'empty')).toEqual([]);
  });

  it('seeds nothing, and issues live keys', async () => {
    const service = await start();
    expect(service.output).not.toMatch(/lk_|DEMO|shown this once/);
    for (const table of ['brands', 'api_keys', 'license_keys']) expect(await ask(`select from ${table}`)).toEqual([]);

    const { stdout } = await home.command(['api-keys', 'create', '--role', 'internal', '--json'], production);
    const { secret } = JSON.parse(stdout);
    expect(secret).toMatch(/^lk_live_i_/);
    const call = (path: string, body: object) => callOn(service.url, { path, key: secret, body });
    expect((await call('/v1/brands', { slug: 'acme', name: 'Acme', key_prefix: 'ACME' })).status).toBe(201);
    const issued = await call('/v1/brands/acme/api-keys', { name: 'shop' });
    expect(issued.body.secret).toMatch(/^lk_live_b_/);
  });

  it('keeps away from a database whose keys were hashed under another pepper', async () => {
    const other = `1:${'fedcba9876543210'.repeat(2)}`;
    expect(await refused({ ...production, LICENSE_KEY_PEPPERS: other })).toMatch(/^LICENSE_KEY_PEPPERS: pepper 1 is not the one .*\n$/);
    const service = await start({ LICENSE_KEY_PEPPERS: `${production.LICENSE_KEY_PEPPERS},${other.replace('1:', '2:')}` });
    expect(await service.stop('SIGTERM')).toBe(0);
  });

  // Linux alone answers on the whole of 127.0.0.0/8 without being told to.
  (process.platform === 'linux' ? it : it.skip)('listens on every address, and in development on this machine only', async () => {
    const elsewhere = ({ url }: LatchkeyProcess) =>
      fetch(url.replace('localhost', '127.0.0.2') + '/health').then(
        ({ status }) => status,
        () => null,
      );
    const [open, closed] = await Promise.all([start(), start({ NODE_ENV: 'development', HOST: '' })]);
    expect([await elsewhere(open), await elsewhere(closed)]).toEqual([200, null]);
  });
});

describe('Latchkey on a database that it was given', () => {
  const home = new Home();
  let database: string;
  let privately: string;
  let service: LatchkeyProcess;
  let demo: ReturnType<typeof printed>;

  beforeAll(async () => {
    database = await freshDatabase();
    await withOwner(database, (owner) => owner.query('alter table activations add made_by text default current_user'));
    const port = await freePort();
    privately = `http://127.0.0.1:${port}`;
    service = await home.start({ DATABASE_URL: ownerUrl(database), PRIVATE_PORT: String(port), DOCS: 'false' });
    demo = printed(service.stdout);
  });
  afterAll(async () => {
    await home.remove();
    await dropDatabase(database);
  });

  it('starts none of its own, and works as the runtime role whoever logs in', async () => {
    expect(existsSync(home.data)).toBe(false);
    expect((await callOn(service.url, seat(demo.licenseKey))).status).toBe(201);
    const { rows } = await withOwner(database, (owner) => owner.query('select made_by from activations'));
    expect(rows).toEqual([{ made_by: 'latchkey_runtime' }]);
  });

  it.each(['/health', '/health/db', '/health/cache', '/ready'])('answers %s on the private port alone', async (path) => {
    expect((await callOn(privately, { path })).status).toBe(200);
    expect(await callOn(service.url, { path })).toMatchObject({ status: 404, body: { code: 'route_not_found' } });
  });

  it('answers the API on the public port all the same', async () => {
    expect((await verdictOn(service, demo.licenseKey)).body.valid).toBe(true);
    expect((await callOn(service.url, { path: '/v1/brands', key: demo.internalKey })).status).toBe(200);
  });

  it.each(['/docs', '/openapi.json', '/docs/swagger-ui.css'])('has no %s without DOCS', async (path) => {
    for (const url of [service.url, privately]) {
      expect(await callOn(url, { path })).toMatchObject({ status: 404, body: { code: 'route_not_found' } });
    }
    expect(service.stdout).not.toContain('/docs');
  });

  it('ends both ports', async () => {
    expect(await service.stop('SIGTERM')).toBe(0);
    await expect(fetch(`${privately}/health`)).rejects.toThrow();
  });
});
