import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientBase } from 'pg';
import type { BrandId } from '../../libs/kernel/brand-id';
import { newId, parsePublicId } from '../../libs/kernel/id';
import { mintLicenseKey, parseLicenseKey } from '../../libs/license-key/license-key';
import { Background } from '../../libs/messaging/background';
import { Database } from '../../libs/persistence/database';
import { openEmbeddedPostgres } from '../../libs/persistence/embedded-postgres';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl, withOwner } from '../../libs/testing/database';
import type { TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { MailDesk } from '../../src/mail';
import { migrate } from '../../src/migrate';
import { serviceOver } from '../fixtures/services';
import { brandColumn, faultsOfWall, forgotten, tenantTables } from './catalogue';

/** A database with its service: `serving` is where the service logs in, `above` where a superuser does. */
interface Ground {
  readonly above: string;
  readonly serving: string;
  close(): Promise<unknown>;
}

/** As the tests have it: a superuser owns the tables, and the service logs in as the runtime role. */
async function ownedBySuperuser(): Promise<Ground> {
  const name = await freshDatabase();
  return { above: ownerUrl(name), serving: runtimeUrl(name), close: () => dropDatabase(name) };
}

/** As in production: on a server where nobody has been before, a plain role owns the database, makes the runtime role and logs in. */
async function ownedByPlainRole(): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-plain-'));
  chmodSync(home, 0o755);
  const server = await openEmbeddedPostgres(join(home, 'postgres'), { durable: false });
  const above = new Client({ connectionString: server.url('postgres') });
  await above.connect();
  await above.query('create role plain login createrole');
  await above.query('create database latchkey owner plain');
  await above.end();
  const serving = server.url('latchkey', 'plain');
  await migrate(serving);
  const close = async () => {
    await server.stop();
    rmSync(home, { recursive: true });
  };
  return { above: server.url('latchkey'), serving, close };
}

const connect = async (connectionString: string, options?: string): Promise<Client> => {
  const client = new Client({ connectionString, ...(options && { options }) });
  await client.connect();
  return client;
};
const countOf = async (client: ClientBase, table: string, where = 'true'): Promise<number> => {
  const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from ${table} where ${where}`);
  return rows[0]!.count;
};

/** Every table gets rows of the brand, and every kind of secret is made. */
async function fill(service: TestService): Promise<BrandWorld & { secrets: string[] }> {
  const world = await createBrandWorld(service);
  const { call, slug, keyId } = world;
  const seat = { license_key: world.licenseKey, product_code: world.product, instance_id: 'https://example.com' };
  ok(await service.call({ path: '/v1/licenses/activate', body: seat }));
  const rotated = ok(await call({ path: `/v1/brands/${slug}/api-keys/${keyId}/rotate`, body: {} }));
  const reissue = { path: `/v1/license-keys/${world.licenseKeyId}/reissue`, body: { overlap_seconds: 3600 }, key: rotated.secret };
  const reissued = ok(await service.call(reissue));
  const manage = (path: string, body: object, headers = {}) =>
    service.call({ path: `/v1/brands/${slug}${path}`, body, headers, key: rotated.secret });
  const hooks = ok(await manage('/webhook-endpoints', { url: 'http://127.0.0.1:1/', event_types: ['*'] }));
  const issued = ok(await manage('/api-keys', { name: 'once' }, { 'idempotency-key': 'once' }));
  await manage(`/webhook-endpoints/${hooks.id}/test`, {});
  const random = () => randomBytes(12).toString('hex');
  const stripe = { stripe_secret_key: `sk_test_latchkey_${random()}`, webhook_secret: `whsec_latchkey_${random()}` };
  const account = { ...stripe, publishable_key: 'pk_test_latchkey_1' };
  ok(await service.call({ method: 'PUT', path: `/v1/brands/${slug}/billing-account`, body: account, key: rotated.secret }));
  ok(await manage('/plans', { code: 'once', name: 'Once', grants: [{ product_code: world.product, seats: 1 }], interval: 'lifetime' }));
  await service.settle();
  const look = { sender_name: 'Shop' };
  ok(await service.call({ method: 'PUT', path: `/v1/brands/${slug}/mail-settings`, body: look, key: rotated.secret }));
  const mailed = { id: newId(), text: mintLicenseKey('MAIL') };
  const brandId = parsePublicId('brand', world.brandId) as BrandId;
  const asked = { reason: 'to have one', template: 'key_issued', to: 'ann@example.com', facts: {}, licenseKey: mailed } as const;
  await service.app.get(Database).run(brandId, () => service.app.get(MailDesk).post(brandId, asked));

  const secrets = [
    mailed.text,
    world.licenseKey,
    reissued.key,
    world.key,
    rotated.secret,
    hooks.secret,
    issued.secret,
    ...Object.values(stripe),
  ] as string[];
  const { rows } = await service.owner.query<{ id: string }>('select id from brands where slug = $1', [slug]);
  await service.owner.query(
    `insert into event_set_asides (brand_id, outlet, event_id, error, attempts, set_aside_at)
     select brand_id, 'subscribers', id, 'as if it had failed', 10, now() from outbox_events where brand_id = $1 limit 1`,
    [rows[0]!.id],
  );
  await buy(service.owner, rows[0]!.id);
  return { ...world, brandId: rows[0]!.id, secrets };
}

/** As if Stripe had told of a purchase. */
async function buy(owner: ClientBase, brandId: string): Promise<void> {
  const purchaseId = newId();
  for (const [table, row] of Object.entries({
    stripe_events: { id: 'evt_1', type: 'invoice.paid', body: '\\x7b7d', status: 'ignored', attempts: 1, received_at: 'now' },
    billing_looks: { subject: 'sub_1', lease: newId(), leased_until: 'infinity' },
    billing_customers: { id: 'cus_1', followed: true, version: 1, created_at: 'now', updated_at: 'now' },
    billing_purchases: {
      ...{ id: purchaseId, subject: 'sub_1', kind: 'subscription', status: 'incomplete', paused: false, renews: false, quantity: 1 },
      ...{ as_of: 'now', looked_at: 'now', version: 1, created_at: 'now', updated_at: 'now' },
    },
    billing_invoices: {
      ...{ purchase_id: purchaseId, id: 'in_1', status: 'open', currency: 'usd' },
      ...{ amount_due: 1, amount_paid: 0, created_at: 'now' },
    },
    billing_payments: { purchase_id: purchaseId, id: 'pi_1', refunded: false, dispute: 'none' },
    billing_drift: { subject: 'sub_1', cause: 'license_missing', detail: 'so it is', first_seen_at: 'now', last_seen_at: 'now' },
  })) {
    const insert = `insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`;
    await owner.query(insert, [{ brand_id: brandId, ...row }]);
  }
}

/** What is written once and never changed. */
const insertOnly = ['audit_logs', 'idempotency_keys'];

describe.each([
  ['of a superuser', ownedBySuperuser],
  ['of a plain role', ownedByPlainRole],
])('The second wall, in a database %s,', (_, open) => {
  let ground: Ground;
  let service: Awaited<ReturnType<typeof serviceOver>>;
  let above: Client;
  let runtime: Client;
  let tables: string[];
  let [mine, theirs]: Awaited<ReturnType<typeof fill>>[] = [];
  const reach = (brand: string) => runtime.query(`select set_config('app.brand_id', $1, true)`, [brand]);

  beforeAll(async () => {
    ground = await open();
    service = await serviceOver(ground.serving, { BACKGROUND_WORK: 'false', WEBHOOKS_ALLOW_PRIVATE: 'true' });
    above = await connect(ground.above);
    runtime = await connect(ground.serving, '-c role=latchkey_runtime');
    const settle = () => service.app.get(Background).settle();
    const filling = { ...service, owner: above, settle } as unknown as TestService;
    [mine, theirs] = [await fill(filling), await fill(filling)];
    tables = await tenantTables(above);
  }, 30_000);
  beforeEach(() => runtime.query('begin'));
  afterEach(() => runtime.query('rollback'));
  afterAll(async () => {
    await runtime?.end();
    await above?.end();
    await service?.stop();
    await ground?.close();
  });

  it('stands around every table', async () => {
    expect(await faultsOfWall(above)).toEqual([]);
  });

  it('is tried on tables that hold something of either brand', async () => {
    for (const table of tables) {
      for (const { brandId } of [mine!, theirs!]) {
        expect([table, await countOf(above, table, `${brandColumn(table)} = '${brandId}'`)]).not.toEqual([table, 0]);
      }
    }
  });

  it('shows nothing while no brand is set', async () => {
    for (const table of tables) expect([table, await countOf(runtime, table)]).toEqual([table, 0]);
    await reach('');
    for (const table of tables) expect([table, await countOf(runtime, table)]).toEqual([table, 0]);
  });

  it('shows of every table what belongs to the brand, all of it and nothing else', async () => {
    await reach(mine!.brandId);
    for (const table of tables) {
      const own = `${brandColumn(table)} = '${mine!.brandId}'`;
      expect([table, await countOf(runtime, table)]).toEqual([table, await countOf(above, table, own)]);
      expect([table, await countOf(runtime, table, `not (${own})`)]).toEqual([table, 0]);
    }
  });

  it('shows everything only to who acts over all brands', async () => {
    await runtime.query(`select set_config('app.all_brands', 'on', true)`);
    for (const table of tables) expect([table, await countOf(runtime, table)]).toEqual([table, await countOf(above, table)]);
  });

  /** The statement fails with that code of PostgreSQL, and what was open before goes on. */
  const refused = async (code: string, sql: string, parameters: unknown[] = []) => {
    await runtime.query('savepoint trial');
    const failure = await runtime.query(sql, parameters).then(
      () => ({ code: 'went through', sql }),
      (error: { code: string; message: string }) => ({ code: error.code, message: error.message, sql }),
    );
    expect(failure).toMatchObject({ code });
    await runtime.query('rollback to trial');
    return failure;
  };

  it('lets no row in that carries another brand', async () => {
    await reach(mine!.brandId);
    for (const table of tables) {
      const column = brandColumn(table);
      const { rows } = await above.query<{ row: object }>(
        `select to_jsonb(t) as row from ${table} t where ${column} = '${theirs!.brandId}' limit 1`,
      );
      const insert = `insert into ${table} overriding system value select * from jsonb_populate_record(null::${table}, $1)`;
      expect(await refused('42501', insert, [rows[0]!.row])).toMatchObject({ message: expect.stringContaining('row-level security') });
      await refused('42501', `update ${table} set ${column} = '${theirs!.brandId}'`);
    }
  });

  it('lets no row of another brand be changed', async () => {
    await reach(mine!.brandId);
    for (const table of tables) {
      const column = brandColumn(table);
      const update = `update ${table} set ${column} = ${column} where ${column} = '${theirs!.brandId}'`;
      if (insertOnly.includes(table)) await refused('42501', update);
      else expect([table, (await runtime.query(update)).rowCount]).toEqual([table, 0]);
    }
  });

  it('lets nothing be deleted but what is forgotten, and that only of the brand', async () => {
    await reach(mine!.brandId);
    for (const table of tables) {
      const removal = `delete from ${table} where ${brandColumn(table)} = '${theirs!.brandId}'`;
      if (!forgotten.includes(table)) await refused('42501', removal);
      else expect([table, (await runtime.query(removal)).rowCount]).toEqual([table, 0]);
    }
  });

  it('lets nothing be torn down or walked around', async () => {
    await reach(mine!.brandId);
    for (const table of tables) {
      for (const sql of ['truncate %', 'drop table %', 'alter table % disable row level security', 'drop policy tenant on %']) {
        await refused('42501', sql.replace('%', table));
      }
    }
    await runtime.query('set local row_security = off');
    await refused('42501', 'select * from licenses');
  });

  it('forgets the brand with the transaction, on the same connection', async () => {
    for (const end of ['commit', 'rollback']) {
      await reach(mine!.brandId);
      expect(await countOf(runtime, 'licenses')).toBeGreaterThan(0);
      await runtime.query(end);
      expect(await countOf(runtime, 'licenses')).toBe(0);
      await runtime.query('begin');
    }
  });

  it('forgets it in the service’s own connections too', async () => {
    const db = service.app.get(Database);
    const look = 'select pg_backend_pid() as connection, (select count(*)::int from licenses) as seen';
    const [inside] = await db.read<{ connection: number; seen: number }>(mine!.brandId as BrandId, look);
    const [after] = await db.beforeBrand<{ connection: number; seen: number }>(look);
    expect([inside!.seen, after!.seen]).toEqual([1, 0]);
    expect(after!.connection).toBe(inside!.connection);
  });

  it('would be seen to leak, had the brand been set for the session', async () => {
    await runtime.query(`select set_config('app.brand_id', $1, false)`, [mine!.brandId]);
    await runtime.query('commit');
    expect(await countOf(runtime, 'licenses')).toBeGreaterThan(0);
    await runtime.query('reset app.brand_id');
    await runtime.query('begin');
  });

  describe('has a narrow gate, which', () => {
    const guesses = [null, '', '%', '_', 'B', '*', `' or true --`];

    it('answers one API key for its exact public part, and for the one before', async () => {
      const { rows } = await above.query<{ public_part: string; previous_public_part: string; brand_id: string }>(
        `select * from api_keys where previous_public_part is not null`,
      );
      for (const { public_part, previous_public_part, brand_id } of rows) {
        for (const name of [public_part, previous_public_part]) {
          const found = await runtime.query<{ brand_id: string }>('select * from find_api_key($1)', [name]);
          expect(found.rows.map((row) => row.brand_id)).toEqual([brand_id]);
        }
        for (const name of [...guesses, public_part.slice(0, -1), `${public_part} `, swapCase(public_part)]) {
          expect((await runtime.query('select * from find_api_key($1)', [name])).rows).toEqual([]);
        }
      }
      expect(rows).toHaveLength(2);
    });

    it('answers one brand for its exact key prefix', async () => {
      const { rows } = await above.query<{ id: string; key_prefix: string }>(`select * from brands`);
      const of = async (prefix: string | null) =>
        (await runtime.query<{ id: string | null }>('select brand_of_key_prefix($1) as id', [prefix])).rows.map(({ id }) => id);
      for (const { id, key_prefix } of rows) {
        expect(await of(key_prefix)).toEqual([id]);
        for (const guess of [...guesses, key_prefix.slice(0, -1), key_prefix.toLowerCase()]) expect(await of(guess)).toEqual([null]);
      }
    });

    it('opens for one name and shuts behind it: neither the names nor the tables can be listed', async () => {
      const { rows } = await above.query<{ public_part: string }>('select public_part from api_keys limit 1');
      const look = (name: string) => runtime.query('select find_api_key($1), brand_of_key_prefix($1)', [name]);
      await look(rows[0]!.public_part);
      expect(await countOf(runtime, 'api_keys')).toBe(0);
      expect((await runtime.query('select find_api_key(public_part), brand_of_key_prefix(public_part) from api_keys')).rows).toEqual([]);

      await reach(mine!.brandId);
      await look(rows[0]!.public_part);
      expect(await countOf(runtime, 'brands')).toBe(1);

      await runtime.query(`select set_config('app.all_brands', 'on', true)`);
      await look(rows[0]!.public_part);
      expect(await countOf(runtime, 'brands')).toBe(2);
    });
  });

  describe('keeps a copy of the database harmless, which', () => {
    const copy = async () => {
      const { rows } = await above.query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
      );
      let text = '';
      for (const { name } of rows) {
        const dump = await above.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`);
        text += dump.rows.map(({ row }) => row).join('\n');
      }
      return text;
    };
    const known = () => [service.internalKey, ...mine!.secrets, ...theirs!.secrets];

    it('holds no license key and no API secret, in clear or in another spelling', async () => {
      const dump = await copy();
      expect(dump).toContain(mine!.slug);
      expect(known()).toHaveLength(19);
      expect(known().flatMap((secret) => spellings(secret).filter((text) => dump.includes(text)))).toEqual([]);
    });

    const seenIn = async (secret: string, written: string) => {
      await above.query('begin');
      await above.query(`update licenses set metadata = jsonb_build_object('note', $1::text)`, [written]);
      const dump = await copy();
      await above.query('rollback');
      return spellings(secret).some((text) => dump.includes(text));
    };

    it.each(['utf8', 'hex', 'base64', 'base64url'] as const)('would be seen to hold one as %s', async (encoding) => {
      for (const secret of [mine!.licenseKey, mine!.key]) {
        for (const before of ['', 'a', 'ab']) {
          expect(await seenIn(secret, Buffer.from(`${before}${secret} and more`).toString(encoding))).toBe(true);
        }
      }
    });

    it('would be seen to hold a license key that was hashed without a pepper', async () => {
      expect(await seenIn(mine!.licenseKey, createHash('sha256').update(mine!.licenseKey).digest('hex'))).toBe(true);
    });
  });
});

describe('A database of a plain role', () => {
  it('can be migrated where somebody else has made the runtime role already', async () => {
    const name = `plain_${Date.now()}`;
    await withOwner('postgres', async (owner) => {
      await owner.query(`create role ${name} login createrole`);
      await owner.query(`create database ${name} owner ${name}`);
    });
    const url = new URL(ownerUrl(name));
    url.username = name;
    try {
      expect(await migrate(url.href)).not.toEqual([]);
      expect(await migrate(url.href)).toEqual([]);
      await (await serviceOver(runtimeUrl(name))).stop();
      expect(await withOwner(name, faultsOfWall)).toEqual([]);
    } finally {
      await dropDatabase(name);
      await withOwner('postgres', (owner) => owner.query(`drop role ${name}`));
    }
  });
});

const swapCase = (text: string): string =>
  [...text].map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join('');

/** How a secret could stand somewhere: its hidden part as text, hex or base64, and a license key as a hash without a pepper. */
function spellings(secret: string): string[] {
  const licenseKey = parseLicenseKey(secret);
  const hidden = secret.slice(licenseKey ? secret.indexOf('-') + 1 : secret.lastIndexOf('_') + 1);
  const texts = [hidden, hidden.replaceAll('-', ''), hidden.toLowerCase()];
  const hashed = licenseKey ? [secret, licenseKey.canonical, ...texts] : [];
  return [
    ...texts.flatMap((text) => [text, Buffer.from(text).toString('hex'), ...inBase64(text)]),
    ...hashed.map((text) => createHash('sha256').update(text).digest('hex')),
  ];
}

/** Whatever stands around it, one of these three stands in the base64 of a text that holds this one. */
function inBase64(text: string): string[] {
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + text)
      .toString('base64')
      .replace(/=+$/, '');
    return encoded.slice(shift === 0 ? 0 : shift + 1, -2);
  });
  return shifted.flatMap((encoded) => [encoded, encoded.replaceAll('+', '-').replaceAll('/', '_')]);
}
