import { Client } from 'pg';
import { dropDatabase, freshDatabase, ownerUrl } from '../../libs/testing/database';
import { faultsOfWall, tenantTables } from './catalogue';

/** A breach, and the faults by which it must be named. */
const planted: [sql: string, ...faults: string[]][] = [
  [
    'create table notes (id uuid primary key)',
    'notes: row-level security is off',
    'notes: not forced on its owner',
    'notes: no policy on the brand, for reading and for writing',
    'notes: neither primary key nor index begins with the brand',
  ],
  ['alter table licenses disable row level security', 'licenses: row-level security is off'],
  ['alter table licenses no force row level security', 'licenses: not forced on its owner'],
  ['drop policy tenant on activations', 'activations: no policy on the brand, for reading and for writing'],
  [
    'drop policy tenant on activations; create policy tenant on activations using (true) with check (true)',
    'activations: no policy on the brand, for reading and for writing',
    'activations: a policy that lets through more',
  ],
  ['create policy reports on products for select using (true)', 'products: a policy that lets through more'],
  [
    `alter policy tenant on products with check (true)`,
    'products: no policy on the brand, for reading and for writing',
    'products: a policy that lets through more',
  ],
  ['drop index api_keys_of_brand', 'api_keys: neither primary key nor index begins with the brand'],
  ['grant delete on licenses to latchkey_runtime', 'licenses: latchkey_runtime may DELETE'],
  ['grant truncate on licenses to public', 'licenses: latchkey_runtime may TRUNCATE'],
  ['create view all_licenses as select * from licenses', 'all_licenses: a view sees with the eyes of its owner'],
  [
    'alter table products add unique (id); alter table licenses add foreign key (product_id) references products (id)',
    'licenses: a foreign key to products without the brand',
  ],
  [
    'create function peek() returns bigint language sql security definer as $$ select count(*) from licenses $$',
    'peek: a function that looks over all brands',
    'peek: its search path is not pinned',
    'peek: anybody may call it',
  ],
  ['alter function find_api_key reset search_path', 'find_api_key: its search path is not pinned'],
  ['grant execute on function find_api_key to public', 'find_api_key: anybody may call it'],
  ['alter role latchkey_runtime bypassrls', 'latchkey_runtime bypasses row-level security'],
  ['alter role latchkey_runtime createrole', 'latchkey_runtime makes roles or databases'],
  ['grant pg_read_all_data to latchkey_runtime', 'latchkey_runtime may become pg_read_all_data'],
  ['alter function brand_of_key_prefix owner to latchkey_runtime', 'latchkey_runtime owns brand_of_key_prefix'],
  ['grant create on schema public to latchkey_runtime', 'latchkey_runtime makes objects in the schema'],
  ['grant update on peppers to latchkey_runtime', 'latchkey_runtime changes the peppers'],
  ['grant update on audit_logs to latchkey_runtime', 'latchkey_runtime changes the audit log'],
  ['grant delete on audit_logs to latchkey_runtime', 'audit_logs: latchkey_runtime may DELETE'],
  ['grant delete on encryption_keys to latchkey_runtime', 'latchkey_runtime changes the encryption keys'],
  ['grant insert on migrations to latchkey_runtime', 'latchkey_runtime changes the migrations'],
];

describe('The catalogue of the database', () => {
  let database: string;
  let owner: Client;
  beforeAll(async () => {
    database = await freshDatabase();
    owner = new Client({ connectionString: ownerUrl(database) });
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await dropDatabase(database);
  });

  it('shows a wall around every tenant table', async () => {
    expect(await faultsOfWall(owner)).toEqual([]);
  });

  it('was looked at where the tenants are', async () => {
    const known = ['activations', 'api_keys', 'brands', 'license_keys', 'licenses', 'outbox_events', 'products'];
    expect(await tenantTables(owner)).toEqual(expect.arrayContaining(known));
  });

  const faultsAfter = async (sql: string) => {
    await owner.query('begin');
    try {
      await owner.query(sql);
      return await faultsOfWall(owner);
    } finally {
      await owner.query('rollback');
    }
  };

  it.each(planted)('would name it: %s', async (sql, ...faults) => {
    expect((await faultsAfter(sql)).sort()).toEqual([...faults].sort());
  });

  it('would name a runtime role that is a superuser, and so may everything', async () => {
    const faults = await faultsAfter('alter role latchkey_runtime superuser');
    expect(faults).toEqual(expect.arrayContaining(['latchkey_runtime is a superuser', 'licenses: latchkey_runtime may DELETE']));
  });
});
