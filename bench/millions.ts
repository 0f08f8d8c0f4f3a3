import { statfsSync } from 'node:fs';
import { Client } from 'pg';
import type { BrandId } from '../libs/kernel/brand-id';
import { benchMint, type OpenedBrand } from './stock';

/** The tables that grow. */
const tables = ['license_keys', 'licenses', 'activations'] as const;
type Table = (typeof tables)[number];

/** The first brand has half of the licenses, the second a quarter, and so on; the last has hardly any. */
const brandCount = 20;
const [licensesAtOnce, mostKeys] = [100_000, 20_000];
const bytesOfEach = 2_200;
const bytesBesides = 6 * 2 ** 30;

/** How many licenses there is room for on the disk of that folder. */
export function roomFor(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.max(0, Math.floor((bavail * bsize - bytesBesides) / bytesOfEach));
}

/** A key that really opens, and its license. */
export interface LoadedKey {
  readonly text: string;
  readonly brandId: BrandId;
  readonly licenseId: string;
}

/**
 * Makes licenses by the million: each with a key, each with two activations (of every fourth license one has ended). Ids, hashes and times
 * follow from the seed and the number of the license, so the same seed makes the same rows; but for the few keys that really open, which are minted
 * and so never twice the same. All other columns are as in the rows that it copies, which a service has made.
 */
export class Millions {
  private readonly clients: Client[] = [];
  private loaded = 0;

  private constructor(
    private readonly url: string,
    private readonly seed: string,
    private readonly like: OpenedBrand,
    private readonly say: (text: string) => void,
  ) {}

  /** @param url as the owner of everything @param like with one activated license */
  static async open(url: string, seed: string, like: OpenedBrand, say: (text: string) => void): Promise<Millions> {
    if (!/^\w+$/.test(seed)) throw new Error('--seed is made of letters and digits');
    const millions = new Millions(url, seed, like, say);
    for (let i = 0; i < tables.length; i++) millions.clients.push(await millions.connect());
    await millions.openBrands();
    return millions;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.end()));
  }

  /** Goes on until there are so many. Answers the keys that open, evenly spread over those that it made. */
  async loadUpTo(count: number): Promise<LoadedKey[]> {
    const [from, to] = [this.loaded + 1, count];
    const started = performance.now();
    const sample = await this.mintSample(from, to);
    await this.tune(true);
    const restore = await this.strip();
    await this.fill(from, to);
    this.say(`  the indexes are made again`);
    await restore();
    await Promise.all(tables.map((table, i) => this.clients[i]!.query(`vacuum (analyze) ${table}`)));
    await this.tune(false);
    await this.owner.query('checkpoint');
    this.loaded = to;
    this.say(`  loaded in ${Math.round((performance.now() - started) / 1000)} s`);
    return sample;
  }

  private get owner(): Client {
    return this.clients[0]!;
  }

  private async connect(): Promise<Client> {
    const settings = { session_replication_role: 'replica', synchronous_commit: 'off', maintenance_work_mem: '1GB', work_mem: '64MB' };
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    const client = new Client({ connectionString: this.url, options: options.join(' ') });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** The rows to copy, put aside; brands and products like the first; and a place for the keys that open. */
  private async openBrands(): Promise<void> {
    const [{ brandId, licenseId, licenseKeyId }, owner, seed] = [this.like, this.owner, this.seed];
    const ids = [`brands where id = '${brandId}'`, `products where brand_id = '${brandId}'`, `license_keys where id = '${licenseKeyId}'`];
    const ones = [...ids, `licenses where id = '${licenseId}'`, `activations where license_id = '${licenseId}'`];
    await owner.query(`
      create schema loader;
      ${ones.map((one) => `create table loader.one_of_${one.split(' ')[0]} as select * from ${one};`).join('\n')}
      create table loader.brands (number int primary key, prefix text, id uuid, product_id uuid);
      insert into loader.brands
      select number, 'GROW' || lpad(number::text, 2, '0'), ${idOf(seed, 'brand', 'number')}, ${idOf(seed, 'product', 'number')}
        from generate_series(0, ${brandCount - 1}) as number;
      create table loader.sample (n bigint primary key, hash bytea, hint text)`);
    const brand = { id: 'brand.id', slug: `'grow-' || brand.number`, name: `'Growth ' || brand.number`, key_prefix: 'brand.prefix' };
    await owner.query(await copying(owner, 'brands', brand, 'from loader.brands brand'));
    const product = { brand_id: 'brand.id', id: 'brand.product_id' };
    await owner.query(await copying(owner, 'products', product, 'from loader.brands brand'));
  }

  private async mintSample(from: number, to: number): Promise<LoadedKey[]> {
    const size = Math.min(mostKeys, Math.ceil((to - from + 1) / 2));
    const { rows } = await this.owner.query<{ n: string; prefix: string } & Omit<LoadedKey, 'text'>>(
      `select n, brand.prefix, brand.id as "brandId", ${idOf(this.seed, 'license', 'n')} as "licenseId"
         from (select ${from} + i * ${to - from + 1}::bigint / ${size} as n from generate_series(0, ${size - 1}) as i) as numbers
         join loader.brands brand on brand.number = ${brandOf(this.seed)}`,
    );
    const mint = benchMint();
    const minted = rows.map(({ n, prefix, brandId, licenseId }) => ({ n, brandId, licenseId, ...mint.mint(prefix) }));
    await this.owner.query('truncate loader.sample');
    await this.owner.query('insert into loader.sample select * from unnest($1::bigint[], $2::bytea[], $3::text[])', [
      minted.map(({ n }) => n),
      minted.map(({ hash }) => hash),
      minted.map(({ hint }) => hint),
    ]);
    await this.owner.query('analyze loader.sample');
    return minted.map(({ text, brandId, licenseId }) => ({ text, brandId, licenseId }));
  }

  /** Fewer checkpoints while there is much to write. The server is the run's own. */
  private async tune(loading: boolean): Promise<void> {
    await this.owner.query(loading ? `alter system set max_wal_size = '4GB'` : 'alter system reset max_wal_size');
    await this.owner.query('select pg_reload_conf()');
  }

  /** Takes indexes and constraints off, which are made faster at once than row by row. Answers how to put them back, as the catalogue had them. */
  private async strip(): Promise<() => Promise<void>> {
    const { rows: constraints } = await this.owner.query<{ table: Table; name: string; type: 'f' | 'p' | 'u'; def: string }>(
      `select conrelid::regclass::text as table, quote_ident(conname) as name, contype as type, pg_get_constraintdef(oid) as def
         from pg_constraint
        where contype in ('f', 'p', 'u') and (conrelid = any ($1::regclass[]) or confrelid = any ($1::regclass[]))
        order by contype <> 'f'`,
      [tables],
    );
    const { rows: indexes } = await this.owner.query<{ table: Table; name: string; def: string }>(
      `select indrelid::regclass::text as table, indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as def
         from pg_index
        where indrelid = any ($1::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))`,
      [tables],
    );
    for (const { table, name } of constraints) await this.owner.query(`alter table ${table} drop constraint ${name}`);
    for (const { name } of indexes) await this.owner.query(`drop index ${name}`);

    const added = constraints.map(({ table, name, type, def }) => ({
      table,
      type,
      sql: `alter table ${table} add constraint ${name} ${def}`,
    }));
    const made = [...added.filter(({ type }) => type !== 'f'), ...indexes.map(({ table, def }) => ({ table, sql: def }))];
    return async () => {
      const indexing = tables.map(async (name, i) => {
        for (const { table, sql } of made) if (table === name) await this.clients[i]!.query(sql);
      });
      await Promise.all(indexing);
      for (const { type, sql } of added) if (type === 'f') await this.owner.query(sql);
    };
  }

  /** Two sessions at a time, each with the next of the batches. */
  private async fill(from: number, to: number): Promise<void> {
    const inserts = await this.inserts();
    let [next, done, told] = [from, 0, 0];
    const fillOn = async (client: Client) => {
      while (next <= to) {
        const [first, last] = [next, Math.min(to, next + licensesAtOnce - 1)];
        next = last + 1;
        for (const insert of inserts) await client.query(insert, [first, last]);
        done += last - first + 1;
        const tenth = Math.floor((10 * done) / (to - from + 1));
        if (tenth > told) this.say(`  ${tenth * 10} % of the rows up to ${to}`);
        told = tenth;
      }
    };
    await Promise.all(this.clients.slice(0, 2).map(fillOn));
  }

  /** An insert for each table, of the licenses from $1 to $2. */
  private async inserts(): Promise<string[]> {
    const { seed, owner } = this;
    const numbers = `from generate_series($1::bigint, $2::bigint) as n join loader.brands brand on brand.number = ${brandOf(seed)}`;
    const [licenseId, keyId] = [idOf(seed, 'license', 'n'), idOf(seed, 'key', 'n')];
    const key = {
      ...{ brand_id: 'brand.id', id: keyId, hash: `coalesce(sample.hash, sha256(('${seed} key ' || n)::bytea))` },
      ...{
        hint: `coalesce(sample.hint, brand.prefix || '-…-' || lpad(to_hex(n % 1048576), 5, '0'))`,
        customer_email: customer,
        created_at: at,
      },
    };
    const license = {
      ...{ brand_id: 'brand.id', id: licenseId, license_key_id: keyId, product_id: 'brand.product_id', customer_email: customer },
      ...{ seats_used: `case when ${oneSeatEnded} then 1 else 2 end`, expires_at: end, next_notice_at: `${end} - interval '7 days'` },
      ...{ noticed_until: at, created_at: at, updated_at: at },
    };
    const activation = {
      ...{ brand_id: 'brand.id', id: idOf(seed, 'activation', 'n', `n || '-' || i`), license_id: licenseId },
      ...{ instance_id: `'https://site-' || n || '-' || i || '.example'`, activated_at: at, last_seen_at: at },
      ...{ deactivated_at: `case when i = 2 and ${oneSeatEnded} then ${at} end` },
    };
    return [
      await copying(owner, 'license_keys', key, `${numbers} left join loader.sample using (n)`),
      await copying(owner, 'licenses', license, numbers),
      await copying(owner, 'activations', activation, `${numbers} cross join generate_series(1, 2) as i`),
    ];
  }
}

const customer = `'customer-' || n || '@example.com'`;
const at = `timestamptz '2026-01-01T00:00:00Z' + n * interval '1 second'`;
const end = `timestamptz '2100-01-01T00:00:00Z' + n * interval '1 second'`;
const oneSeatEnded = 'n % 4 = 0';

/** The number of the brand of license `n`, as SQL. */
const brandOf = (seed: string): string =>
  `least(${brandCount - 1}, floor(-ln((('x' || substr(md5('${seed} brand ' || n), 1, 8))::bit(32)::bigint + 1)::float8 / 4294967296) / ln(2::float8)))::int`;

/** As SQL: an id that looks like a UUIDv7 and sorts by the number, of which there is one a millisecond. @param who tells those of one number apart */
const idOf = (seed: string, kind: string, number: string, who = number): string => {
  const random = `md5('${seed} ${kind} ' || ${who})`;
  return `(lpad(to_hex(1767225600000::bigint + ${number}), 12, '0') || '7' || substr(${random}, 1, 3) || '8' || substr(${random}, 4, 15))::uuid`;
};

/** Inserts rows like the one that was put aside, whatever columns they have, with other values in some. */
async function copying(owner: Client, table: string, replaced: Readonly<Record<string, string>>, from: string): Promise<string> {
  const { rows } = await owner.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
    [table],
  );
  const names = rows.map(({ name }) => name);
  const missing = Object.keys(replaced).filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`${table} has no ${missing.join(', ')} any more`);
  const values = names.map((name) => replaced[name] ?? `one.${name}`);
  return `insert into ${table} (${names.join(', ')}) select ${values.join(', ')} ${from} cross join loader.one_of_${table} one`;
}
