import { randomBytes } from 'node:crypto';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl, withOwner } from '../../libs/testing/database';
import { type Answer, callOn } from '../../libs/testing/service';
import { type Ended, type Environment, Home, printed } from './latchkey';

jest.setTimeout(60_000);

const ok = ({ code, stdout, stderr }: Ended): string => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};
const json = (ended: Ended): any => JSON.parse(ok(ended));
/** Failed with one line that helps, and nothing else; answers the line. */
const refusal = ({ code, stdout, stderr }: Ended): string => {
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(stderr).not.toMatch(/^\w*Error:|\bat .*:\d+:\d+/);
  return stderr.trimEnd();
};
const refusalAsJson = (ended: Ended): string => JSON.parse(refusal(ended)).error;

const internalKey = /^lk_test_i_\w{42}$/;
const brandKey = /^lk_test_b_\w{42}$/;

describe('The command line', () => {
  const home = new Home();
  afterEach(() => expect(home.postgresPid).toBeNull());
  afterAll(() => home.remove());

  it('explains each command, without a database', async () => {
    const commands = [[], ['migrate'], ['api-keys'], ['api-keys', 'create'], ['demo'], ['demo', 'seed']];
    const answers = await Promise.all(commands.map((words) => home.command([...words, '--help'])));
    for (const [i, words] of commands.entries()) expect(ok(answers[i]!)).toContain(`Usage: ${['latchkey', ...words].join(' ')} `);
    expect(answers[0]!.stdout).toMatch(/^ +migrate [\s\S]*^ +api-keys [\s\S]*^ +demo /m);
    for (const option of ['--role <role>', '--brand <brand>', '--name <name>', '--scopes <scopes>', '--json']) {
      expect(answers[3]!.stdout).toContain(`  ${option} `);
    }
  });

  it('migrates the embedded database, once', async () => {
    const first = json(await home.command(['migrate', '--json']));
    expect(first).toEqual({ migrations: expect.arrayContaining([expect.stringMatching(/^Core\d+$/)]) });
    expect(json(await home.command(['migrate', '--json']))).toEqual({ migrations: [] });
    expect(ok(await home.command(['migrate']))).toBe('The database was up to date.\n');
  });

  it('seeds the demo, once', async () => {
    const seeded = json(await home.command(['demo', 'seed', '--json']));
    expect(seeded).toEqual({
      seeded: true,
      brand: 'demo',
      products: ['seo_pro', 'content_ai'],
      internalKey: expect.stringMatching(internalKey),
      brandKey: expect.stringMatching(brandKey),
      licenseKey: expect.stringMatching(/^DEMO-/),
      plans: ['pro_monthly', 'pro_yearly', 'pro_lifetime'],
      stripe: 'http://127.0.0.1:4242',
    });
    expect(json(await home.command(['demo', 'seed', '--json']))).toEqual({ seeded: false });
    expect(ok(await home.command(['demo', 'seed']))).toBe('Nothing was done: there is a brand already.\n');
  });

  it('issues API keys for operators and for brands', async () => {
    const create = (...words: string[]) => home.command(['api-keys', 'create', ...words]);
    expect(json(await create('--role', 'internal', '--json'))).toEqual({
      id: expect.stringMatching(/^apk_/),
      secret: expect.stringMatching(internalKey),
      role: 'internal',
      brand: null,
      name: 'console',
      scopes: ['*'],
    });
    const some = ['--role', 'brand', '--brand', 'demo', '--name', 'shop', '--scopes', 'licenses:read, products:read'];
    expect(json(await create(...some, '--json'))).toEqual({
      id: expect.stringMatching(/^apk_/),
      secret: expect.stringMatching(brandKey),
      role: 'brand',
      brand: 'demo',
      name: 'shop',
      scopes: ['licenses:read', 'products:read'],
    });
    expect(ok(await create('--role', 'brand', '--brand', 'demo'))).toMatch(/^lk_test_b_\w{42}\nIt is shown this once\.\n$/);
  });

  it('lists API keys of every role, and revokes them', async () => {
    const { id } = json(await home.command(['api-keys', 'create', '--role', 'internal', '--name', 'leaked', '--json']));
    expect(ok(await home.command(['api-keys', 'list']))).toMatch(new RegExp(`^${id}  internal  lk_test_i_\\w{8}_…  alive    leaked$`, 'm'));
    expect(json(await home.command(['api-keys', 'revoke', id, '--json']))).toMatchObject({
      id,
      name: 'leaked',
      revokedAt: expect.any(String),
    });
    const { keys } = json(await home.command(['api-keys', 'list', '--json']));
    expect(keys.find((key: { id: string }) => key.id === id).revokedAt).toEqual(expect.any(String));
    expect((await home.command(['api-keys', 'revoke', 'key_1'])).code).toBe(1);
  });

  it('gives the runtime role its password, and does not tell it', async () => {
    const password = `it's "quoted" \\ $1`;
    const { stdout, stderr } = await home.command(['migrate'], { DATABASE_RUNTIME_PASSWORD: password });
    expect({ stdout, stderr }).toEqual({ stdout: 'The database was up to date.\n', stderr: '' });
    await home.start();
    const [role] = await home.ask<{ kept: string }>(`select rolpassword as kept from pg_authid where rolname = 'latchkey_runtime'`);
    expect(role!.kept).toMatch(/^SCRAM-SHA-256\$/);
    await home.quiet();
  });
});

describe('The command line beside a running service', () => {
  const home = new Home();
  let url: string;
  let postgres: number | null;
  let demo: ReturnType<typeof printed>;

  const get = (key: string, path: string): Promise<Answer> => callOn(url, { path, key });
  const provisionAs = (key: string) =>
    callOn(url, {
      path: '/v1/brands/demo/licenses',
      key,
      body: { customer_email: 'a@example.com', licenses: [{ product_code: 'seo_pro' }] },
    });

  beforeAll(async () => {
    const service = await home.start();
    url = service.url;
    demo = printed(service.stdout);
    postgres = home.postgresPid;
  });
  afterEach(async () => {
    expect(home.postgresPid).toBe(postgres);
    expect((await get(demo.brandKey, '/v1/licenses')).status).toBe(200);
  });
  afterAll(() => home.remove());

  it('migrates and seeds nothing anew, and stops nothing', async () => {
    const [migrated, seeded] = await Promise.all([home.command(['migrate', '--json']), home.command(['demo', 'seed', '--json'])]);
    expect([json(migrated), json(seeded)]).toEqual([{ migrations: [] }, { seeded: false }]);
  });

  it('issues keys that work at once', async () => {
    const create = async (...words: string[]) => json(await home.command(['api-keys', 'create', ...words, '--json'])).secret as string;
    const [operator, shop, reader] = await Promise.all([
      create('--role', 'internal'),
      create('--role', 'brand', '--brand', 'demo'),
      create('--role', 'brand', '--brand', 'demo', '--scopes', 'licenses:read'),
    ]);
    expect((await get(operator, '/v1/brands')).body.data).toHaveLength(1);
    expect((await provisionAs(shop)).status).toBe(201);
    expect((await get(reader, '/v1/licenses')).status).toBe(200);
    expect(await provisionAs(reader)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    expect(await get(shop, '/v1/brands')).toMatchObject({ status: 403, body: { code: 'role_not_allowed' } });
  });

  it.each([
    ['a brand that is not there', ['api-keys', 'create', '--role', 'brand', '--brand', 'nobody'], {}, /brand/i],
    ['a database that does not answer', ['migrate'], { DATABASE_URL: 'postgres://me@127.0.0.1:1/x' }, /^The database does not answer/],
    ['a host that is unknown', ['demo', 'seed'], { DATABASE_URL: 'postgres://me@nowhere.invalid/x' }, /^The host is unknown/],
    [
      'a data directory that cannot be one',
      ['migrate'],
      { LATCHKEY_DATA_DIR: '/dev/null' },
      /^The data directory \/dev\/null cannot be used/,
    ],
  ] as [string, string[], Environment, RegExp][])('refuses %s in one line, also as JSON', async (_, words, environment, message) => {
    const [text, asJson] = await Promise.all([home.command(words, environment), home.command([...words, '--json'], environment)]);
    expect(refusal(text)).toMatch(message);
    expect(refusalAsJson(asJson)).toMatch(message);
    expect(refusalAsJson(asJson)).toBe(refusal(text));
  });

  it('refuses what it does not understand in one line of JSON, and shows people the usage', async () => {
    const misused: [string[], RegExp][] = [
      [['explode'], /unknown command 'explode'/],
      [['migrate', '--hard'], /unknown option '--hard'/],
      [['api-keys', 'create'], /'--role <role>' not specified/],
      [['api-keys', 'create', '--role', 'king'], /Allowed choices are internal, brand/],
      [['api-keys', 'create', '--role', 'brand', '--brand', 'demo', '--scopes', 'licenses:read,all'], /all is none of/],
      [['api-keys', 'create', '--role', 'internal', '--brand', 'demo'], /--brand goes with --role brand/],
      [['api-keys', 'create', '--role', 'brand'], /--brand goes with --role brand/],
    ];
    const answers = await Promise.all(misused.map(([words]) => home.command([...words, '--json'])));
    misused.forEach(([, message], i) => expect(refusalAsJson(answers[i]!)).toMatch(message));

    const { code, stdout, stderr } = await home.command(['api-keys', 'create']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: .*--role <role>.*\n\nUsage: latchkey api-keys create /);
  });

  it('lists wrong settings, and as JSON in one line', async () => {
    const wrong = { LOG_LEVEL: 'loud', DOCS: 'maybe' };
    const [text, asJson] = await Promise.all([home.command(['demo', 'seed'], wrong), home.command(['demo', 'seed', '--json'], wrong)]);
    expect([text.code, text.stdout]).toEqual([1, '']);
    expect(text.stderr).toMatch(/^The settings are not right:\n {2}- LOG_LEVEL .*\n {2}- DOCS .*\nSee \.env\.example/);
    expect(`${refusalAsJson(asJson)}\n`).toBe(text.stderr);
  });
});

describe('The command line on a database that it was given', () => {
  const home = new Home();
  const databases: string[] = [];
  const emptyDatabase = async () => {
    const name = `empty_${randomBytes(6).toString('hex')}`;
    await withOwner('postgres', (owner) => owner.query(`create database ${name}`));
    databases.push(name);
    return name;
  };

  afterAll(async () => {
    await home.remove();
    for (const name of databases) await dropDatabase(name);
  });

  it('seeds once, however many ask at the same time', async () => {
    const database = await freshDatabase();
    databases.push(database);
    const seed = () => home.command(['demo', 'seed', '--json'], { DATABASE_URL: ownerUrl(database) });
    const answers = await Promise.all([seed(), seed()]);
    const made = answers.filter(({ code, stdout }) => code === 0 && JSON.parse(stdout).seeded);
    expect(made).toHaveLength(1);
    const { rows } = await withOwner(database, (owner) => owner.query(`select count(*)::int as keys from license_keys`));
    expect(rows).toEqual([{ keys: 1 }]);
  });

  it('shows people the demo as a start does', async () => {
    const database = await freshDatabase();
    databases.push(database);
    const { licenseKey, curls } = printed(ok(await home.command(['demo', 'seed'], { DATABASE_URL: ownerUrl(database), PORT: '4567' })));
    expect(licenseKey).toMatch(/^DEMO-/);
    expect(curls).toHaveLength(4);
    for (const line of curls) expect(line).toContain('http://localhost:4567/v1/');
  });

  it('migrates once, however many ask at the same time', async () => {
    const empty = await emptyDatabase();
    const migrate = async () => json(await home.command(['migrate', '--json'], { DATABASE_URL: ownerUrl(empty) })).migrations as string[];
    const ran = await Promise.all([migrate(), migrate(), migrate()]);
    expect(ran.filter(({ length }) => length > 0)).toHaveLength(1);
  });

  it('says so when it may not migrate, and names the setting that lets it', async () => {
    const empty = await emptyDatabase();
    const service = { DATABASE_URL: runtimeUrl(empty) };
    expect(refusal(await home.command(['migrate'], service))).toMatch(/^The database refuses: .* MIGRATION_DATABASE_URL/);
    expect(json(await home.command(['migrate', '--json'], { ...service, MIGRATION_DATABASE_URL: ownerUrl(empty) })).migrations).not.toEqual(
      [],
    );
  });

  it('issues keys in production only over a migrated database', async () => {
    const empty = await emptyDatabase();
    const secret = `1:${'0123456789abcdef'.repeat(2)}`;
    const secrets = { LICENSE_KEY_PEPPERS: secret, ENCRYPTION_KEYS: secret };
    const production = { NODE_ENV: 'production', DATABASE_URL: ownerUrl(empty), ...secrets };
    const create = ['api-keys', 'create', '--role', 'internal'];
    expect(refusal(await home.command(create, production))).toMatch(/^The database is not migrated\..* latchkey -- migrate$/);
    const migrated = await home.command(['migrate', '--json'], { ...production, LICENSE_KEY_PEPPERS: '', ENCRYPTION_KEYS: '' });
    expect(json(migrated).migrations).not.toEqual([]);
    expect(json(await home.command([...create, '--json'], production)).secret).toMatch(/^lk_live_i_/);
  });
});
