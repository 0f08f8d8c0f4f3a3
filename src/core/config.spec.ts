import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getMetadataStorage } from 'class-validator';
import { Config, ConfigError, readConfig } from './config';

const settings = [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(Config, '', true, false)
      .map((rule) => rule.propertyName),
  ),
];

/** Every setting in `.env.example`, with the value that stands behind it; `set` when the line is not commented out. */
const example = readFileSync(join(__dirname, '../../.env.example'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, comment, name, value] = /^(# )?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, value: value!, set: comment === undefined }];
  });
const environmentOf = (lines: typeof example) => Object.fromEntries(lines.map(({ name, value }) => [name, value]));

const faultsOf = (...given: Parameters<typeof readConfig>): string[] => {
  try {
    readConfig(...given);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

const secret = 'a-secret-of-at-least-32-characters';
const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://me@db/latchkey',
  LICENSE_KEY_PEPPERS: `1:${secret}`,
  ENCRYPTION_KEYS: `1:${secret}`,
};

describe('.env.example', () => {
  it('names every setting once, and nothing else', () => {
    expect(example.map(({ name }) => name).sort()).toEqual([...settings].sort());
  });

  it('sets what is the default anyway', () => {
    const set = example.filter((line) => line.set);
    expect(set).not.toEqual([]);
    expect(readConfig(environmentOf(set))).toEqual(readConfig({}));
  });

  it('comments out what has no default, and secrets', () => {
    const defaults = readConfig({}) as unknown as Record<string, unknown>;
    const out = example.filter((line) => !line.set).map(({ name }) => name);
    expect(out.filter((name) => defaults[name] !== undefined)).toEqual(['LICENSE_KEY_PEPPERS', 'ENCRYPTION_KEYS']);
  });

  it('shows values that are accepted, in production too', () => {
    expect(faultsOf(environmentOf(example))).toEqual([]);
    expect(faultsOf({ ...environmentOf(example), NODE_ENV: 'production' })).toEqual([]);
  });
});

describe('the settings', () => {
  it('start a service on this machine with nothing given', () => {
    expect(readConfig({})).toMatchObject({ PORT: 3000, host: '127.0.0.1', production: false, trustProxy: false, DOCS: true });
    expect(readConfig({}).peppers).toHaveLength(1);
  });

  it('are absent when blank', () => {
    expect(readConfig(Object.fromEntries(settings.map((name) => [name, ''])))).toEqual(readConfig({}));
  });

  it.each([
    ['NODE_ENV', ['prod', 'Production', ' production']],
    ['PORT', ['http', '-1', '65536', '80.5', '0x50', '8e1', ' 80', '+80']],
    ['PRIVATE_PORT', ['none', '65536', '-1']],
    [
      'DATABASE_URL',
      ['localhost:5432', 'mysql://localhost/latchkey', 'postgres:///latchkey', 'postgres://', 'postgres://me:a#b@db/latchkey'],
    ],
    ['MIGRATION_DATABASE_URL', ['localhost', 'http://localhost/latchkey']],
    ['DATABASE_POOL_SIZE', ['0', '201', '1.5', 'many']],
    ['REDIS_URL', ['localhost:6379', 'http://localhost:6379', 'redis://']],
    ['LICENSE_KEY_PEPPERS', ['secret', `1:short`, secret, `1:${secret},`, `1:${secret} ,2:${secret}`, `x:${secret}`, `12345:${secret}`]],
    ['ENCRYPTION_KEYS', ['secret', `1:short`, secret, `1:${secret},`]],
    ['BACKGROUND_WORK', ['yes', 'TRUE']],
    ['WEBHOOKS_ALLOW_PRIVATE', ['yes', '1']],
    ['SMTP_URL', ['localhost:587', 'http://localhost', 'smtp://', 'mail.example']],
    ['RESEND_API_KEY', ['re_1 re_2', 're_…']],
    ['MAIL_FROM', ['nobody', 'Acme <licenses@acme.example>', 'a@b, c@d', 'a@b@c', '@acme.example']],
    ['EVENTS_URL', ['localhost:4222', 'amqp://localhost', 'nats://']],
    ['EXPIRY_NOTICE_DAYS', ['soon', '0', '7,0', '7,', '-1', '7;1', '1000']],
    ['RETENTION_IDEMPOTENCY_HOURS', ['23', 'day']],
    ['RETENTION_EVENTS_DAYS', ['6', '0']],
    ['RETENTION_DELIVERIES_DAYS', ['3']],
    ['RETENTION_ANSWERS_DAYS', ['0', '1.5']],
    ['LOG_LEVEL', ['loud', 'INFO', 'trace']],
    ['LOG_FORMAT', ['xml', 'JSON']],
    ['DOCS', ['yes', '1', 'TRUE', 'off']],
    ['TRUST_PROXY', ['yes', '10.0.0.300', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.1,', 'fd00::/129', '10.0.0.0/8/8', 'localhost']],
    ['SHUTDOWN_SECONDS', ['0', '301', 'soon', '1.5', '-1']],
  ])('refuse a wrong %s, and name it', (name, values) => {
    for (const value of values) {
      const faults = faultsOf({ [name]: value });
      expect({ value, faults: faults.length }).not.toEqual({ value, faults: 0 });
      for (const fault of faults) expect(fault).toMatch(new RegExp(`^${name} `));
    }
  });

  it.each([
    [
      'DATABASE_URL',
      ['postgres://db', 'postgresql://me:p%40ss@db:5432/x?sslmode=require', 'postgres://me@[::1]:5432/x', 'postgres://me@my_db/x'],
    ],
    ['REDIS_URL', ['redis://localhost', 'rediss://:secret@redis_1:6380/2', 'redis://[::1]:6379']],
    ['PORT', ['0', '80', '65535']],
    ['TRUST_PROXY', ['10.0.0.1', '10.0.0.0/8, 127.0.0.1', '::1,fd00::/8']],
    ['LICENSE_KEY_PEPPERS', [`7:${secret}`, `2:${secret},1:${secret}:with:colons`]],
  ])('accept a %s in any of its forms', (name, values) => {
    for (const value of values) expect(faultsOf({ [name]: value })).toEqual([]);
  });

  it('are judged all at once, in one list for people', () => {
    const error = new ConfigError(faultsOf({ PORT: 'x', DOCS: 'y', NODE_ENV: 'z', LICENSE_KEY_PEPPERS: '1' }));
    for (const name of ['PORT', 'DOCS', 'NODE_ENV', 'LICENSE_KEY_PEPPERS'])
      expect(error.message).toMatch(new RegExp(`^ {2}- ${name} `, 'm'));
  });

  it('are no more than they are: other variables of the environment neither count nor disturb', () => {
    const config = readConfig({
      PATH: '/bin',
      host: 'elsewhere',
      peppers: '9:x',
      production: 'true',
      constructor: 'x',
    });
    expect(config).toMatchObject({ host: '127.0.0.1', production: false });
    expect(config.peppers).toEqual(readConfig({}).peppers);
  });

  it('listen on every address in production, unless told where', () => {
    expect(readConfig(production).host).toBe('0.0.0.0');
    expect(readConfig({ ...production, HOST: '10.0.0.1' }).host).toBe('10.0.0.1');
    expect(readConfig({ HOST: '10.0.0.1' }).host).toBe('10.0.0.1');
  });

  it.each([
    ['false', false],
    ['true', true],
    ['10.0.0.0/8,127.0.0.1', '10.0.0.0/8,127.0.0.1'],
  ])('read TRUST_PROXY=%s as %p', (text, trusted) => {
    expect(readConfig({ TRUST_PROXY: text }).trustProxy).toBe(trusted);
  });
});

describe('mails', () => {
  const carrierOf = (given: NodeJS.ProcessEnv) => readConfig(given).mailCarrier;

  it('go to a server, to Resend or into files; in production without either they wait', () => {
    expect(carrierOf({ SMTP_URL: 'smtps://me:pass@mail.example' })).toEqual({ by: 'smtp', url: 'smtps://me:pass@mail.example' });
    expect(carrierOf({ RESEND_API_KEY: 're_1' })).toEqual({ by: 'resend', apiKey: 're_1' });
    expect(carrierOf({ LATCHKEY_DATA_DIR: '/somewhere' })).toEqual({ by: 'file', folder: '/somewhere/outbox' });
    expect(carrierOf(production)).toBeNull();
    expect(readConfig({}).mailFrom).toBe('licenses@localhost');
  });

  it('have one way', () => {
    const both = { SMTP_URL: 'smtp://mail.example', RESEND_API_KEY: 're_1' };
    expect(faultsOf(both)).toEqual([expect.stringMatching(/^RESEND_API_KEY and SMTP_URL/)]);
  });
});

describe('peppers', () => {
  const peppersOf = (text: string) => readConfig({ LICENSE_KEY_PEPPERS: text }).peppers;

  it('are pairs of a version and a secret, which may hold colons', () => {
    expect(peppersOf(`1:${secret}`)).toEqual([{ version: 1, secret }]);
    expect(peppersOf(`12:${secret},3:x:y:${secret}`)).toEqual([
      { version: 12, secret },
      { version: 3, secret: `x:y:${secret}` },
    ]);
  });

  it.each([`1:${secret},1:${secret}2`, `1:${secret},01:${secret}2`])('name a version once', (text) => {
    for (const name of ['LICENSE_KEY_PEPPERS', 'ENCRYPTION_KEYS'])
      expect(faultsOf({ [name]: text })).toEqual([`${name} names a version twice`]);
  });

  it('say how many days before an end its brand is told, largest first and each once', () => {
    expect(readConfig({}).expiryNoticeDays).toEqual([7, 1]);
    expect(readConfig({ EXPIRY_NOTICE_DAYS: '1,30,7,30' }).expiryNoticeDays).toEqual([30, 7, 1]);
  });

  it('are never told in a refusal', () => {
    const { message } = new ConfigError(faultsOf({ LICENSE_KEY_PEPPERS: '1:hush', DATABASE_URL: 'mysql://me:hush@db/x' }));
    expect(message).not.toContain('hush');
  });
});

describe('in production', () => {
  it('a database and secrets of one’s own are needed, and all are asked for at once', () => {
    expect(faultsOf(production)).toEqual([]);
    const faults = faultsOf({ NODE_ENV: 'production' });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual(['DATABASE_URL', 'LICENSE_KEY_PEPPERS', 'ENCRYPTION_KEYS']);
  });

  it.each(['LICENSE_KEY_PEPPERS', 'ENCRYPTION_KEYS'] as const)('the %s that everybody knows are refused, even beside others', (name) => {
    const known = readConfig({})[name];
    for (const secrets of [known, `2:${secret},${known}`, known.replace('1:', '3:')]) {
      expect(faultsOf({ ...production, [name]: secrets })).toEqual([expect.stringMatching(`^${name} is required`)]);
    }
  });

  it.each([{ SMTP_URL: 'smtp://mail.example' }, { RESEND_API_KEY: 're_1' }])(
    'mails that leave have to come from somewhere: %j',
    (carrier) => {
      expect(faultsOf({ ...production, ...carrier })).toEqual([expect.stringMatching(/^MAIL_FROM is required/)]);
      expect(faultsOf({ ...production, ...carrier, MAIL_FROM: 'licenses@acme.example' })).toEqual([]);
      expect(faultsOf({ ...production, ...carrier }, 'migrate')).toEqual([]);
    },
  );

  it('webhooks may not go to private addresses', () => {
    expect(faultsOf({ ...production, WEBHOOKS_ALLOW_PRIVATE: 'true' })).toEqual([expect.stringMatching(/^WEBHOOKS_ALLOW_PRIVATE/)]);
  });

  it('migrating needs a database alone', () => {
    const { NODE_ENV, DATABASE_URL } = production;
    expect(faultsOf({ NODE_ENV, DATABASE_URL }, 'migrate')).toEqual([]);
    expect(faultsOf({ NODE_ENV, MIGRATION_DATABASE_URL: DATABASE_URL }, 'migrate')).toEqual([]);
    expect(faultsOf({ NODE_ENV }, 'migrate')).toEqual([expect.stringMatching(/^DATABASE_URL is required/)]);
    expect(faultsOf({ ...production, DATABASE_URL: '', MIGRATION_DATABASE_URL: DATABASE_URL })).toEqual([
      expect.stringMatching(/^DATABASE_URL is required/),
    ]);
  });
});
