import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl, withOwner } from '../../libs/testing/database';
import { AppModule } from '../../src/app.module';
import { readConfig } from '../../src/core/config';
import { UnsafeStart } from '../../src/safe-start';
import { settingsOf, startService } from '../../src/service';
import { failedStart, spawnService } from '../fixtures/processes';

jest.setTimeout(30_000);

describe('The service refuses to start', () => {
  const role = `walker_${randomBytes(4).toString('hex')}`;
  let database: string;
  let empty: string;
  beforeAll(async () => {
    database = await freshDatabase();
    empty = `empty_${randomBytes(4).toString('hex')}`;
    await withOwner('postgres', (owner) => owner.query(`create database ${empty}`));
  });
  afterAll(async () => {
    await Promise.all([dropDatabase(database), dropDatabase(empty)]);
    await withOwner('postgres', (owner) => owner.query(`drop role if exists ${role}`));
  });

  /** A start whose connections do not put on the runtime role. */
  async function startAs(url: string): Promise<void> {
    const config = readConfig({ NODE_ENV: 'test', PORT: '0', DOCS: 'false' });
    const settings = settingsOf(config, url);
    const module = AppModule.with({ ...settings, database: { ...settings.database, extra: {} } });
    const service = await startService(config, url, pino({ level: 'silent' }), module);
    await service.stop();
  }
  const as = (user: string) => runtimeUrl(database).replace('latchkey_runtime', user);

  it('as a superuser', async () => {
    const start = startAs(ownerUrl(database));
    await expect(start).rejects.toThrow(UnsafeStart);
    await expect(start).rejects.toThrow('The service would work as postgres, whom row-level security does not hold back.');
  });

  it.each([
    ['bypasses row-level security', 'bypassrls', ''],
    ['owns a table', 'nobypassrls', 'alter table products owner to %'],
  ])('as a role that %s', async (_, attribute, statement) => {
    await withOwner(database, async (owner) => {
      await owner.query(`create role ${role} login ${attribute}; ${statement.replace('%', role)}`);
      await owner.query(`grant select, insert on peppers to ${role}`);
    });
    try {
      await expect(startAs(as(role))).rejects.toThrow(`The service would work as ${role}, whom row-level security does not hold back.`);
    } finally {
      await withOwner(database, (owner) => owner.query(`reassign owned by ${role} to postgres; drop owned by ${role}; drop role ${role}`));
    }
  });

  it('over a database that is not migrated', async () => {
    const start = startAs(as('latchkey_runtime').replace(database, empty));
    await expect(start).rejects.toThrow(UnsafeStart);
    await expect(start).rejects.toThrow('The database is not migrated. Run: npm run latchkey -- migrate');
  });

  it('but not as the runtime role, over a database that is', async () => {
    await startAs(as('latchkey_runtime'));
  });

  describe('as a process, with code 1 and a line to read:', () => {
    const lineOf = async (...start: Parameters<typeof failedStart>) => {
      const { code, message } = await failedStart(...start);
      expect([code, message.trim().split('\n')]).toEqual([1, [expect.any(String)]]);
      return message;
    };

    it('no migrations', async () => {
      expect(await lineOf(runtimeUrl(empty))).toMatch(/^The database is not migrated\. Run: /);
    });

    /** Under versions that no other test uses. */
    const others = { LICENSE_KEY_PEPPERS: `5:${'p'.repeat(32)}`, ENCRYPTION_KEYS: `6:${'k'.repeat(32)}` };
    it.each([
      ['LICENSE_KEY_PEPPERS', 'pepper'],
      ['ENCRYPTION_KEYS', 'key'],
    ])('another secret in %s', async (name, word) => {
      const url = runtimeUrl(database);
      const given = (letter: string) => ({ ...others, [name]: `7:${letter.repeat(32)}` });
      const service = await spawnService(url, given('x'));
      await service.stop();
      const line = await lineOf(url, given('y'));
      expect(line).toMatch(new RegExp(`^${name}: ${word} 7 is not the one`));
      expect(line).not.toContain('yyy');
    });

    it('no encryption key under which secrets stand', async () => {
      const url = runtimeUrl(database);
      const keys = (versions: number[]) => ({
        ...others,
        ENCRYPTION_KEYS: versions.map((version) => `${version}:${'z'.repeat(31)}${version}`).join(),
      });
      const service = await spawnService(url, keys([8]));
      await service.stop();
      await withOwner(database, (owner) => owner.query(`insert into audit_heads values (gen_random_uuid(), 1, '', '', 8, now())`));
      expect(await lineOf(url, keys([9]))).toMatch(/^ENCRYPTION_KEYS: key 8 is missing, and secrets were encrypted under it/);
      await (await spawnService(url, keys([8, 9]))).stop();
      await withOwner(database, (owner) => owner.query('delete from audit_heads where key_version = 8'));
    });

    it('no encryption key under which the secret of a webhook stands, whatever the version of the endpoint', async () => {
      const [url, sealed] = [runtimeUrl(database), (version: number) => `\\x${version.toString(16).padStart(4, '0')}00`];
      const [key] = [{ ...others, ENCRYPTION_KEYS: `6:${'k'.repeat(32)},11:${'e'.repeat(32)}` }];
      await (await spawnService(url, key)).stop();
      await withOwner(database, async (owner) => {
        const brand = `insert into brands values ('019ab000-0000-7000-8000-00000000000a', 'hooks', 'Hooks', 'HOOKS', 'active', '{}', 1, now(), now())`;
        await owner.query(`${brand} on conflict do nothing`);
        await owner.query(
          `insert into webhook_endpoints (brand_id, id, url, event_types, status, secret, version, created_at, updated_at, enabled_at, slow)
           values ('019ab000-0000-7000-8000-00000000000a', gen_random_uuid(), 'https://x.example', '{*}', 'enabled', $1, 6, now(), now(), now(), false)`,
          [sealed(11)],
        );
      });
      expect(await lineOf(url, { ...key, ENCRYPTION_KEYS: others.ENCRYPTION_KEYS })).toMatch(/^ENCRYPTION_KEYS: key 11 is missing/);
      await withOwner(database, (owner) => owner.query('update webhook_endpoints set secret = $1, version = 11', [sealed(6)]));
      await (await spawnService(url, others)).stop();
    });

    it('nobody there', async () => {
      expect(await lineOf('postgres://latchkey_runtime@127.0.0.1:1/nowhere')).toMatch(
        /^The database does not answer: .*Check DATABASE_URL/,
      );
    });
  });
});
