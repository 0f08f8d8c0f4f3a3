import type { ClientBase } from 'pg';

/** Tables without a tenant, and why. */
export const tenantless = {
  migrations: 'what the database itself went through',
  peppers: 'fingerprints of the server’s secrets',
  encryption_keys: 'fingerprints of the server’s secrets',
  jobs: 'when the installation does its chores',
};

/** What the service may delete: what it forgets when its time is over. */
export const forgotten = [
  'billing_drift',
  'billing_invoices',
  'billing_looks',
  'billing_payments',
  'idempotency_keys',
  'outbox_events',
  'stripe_events',
  'webhook_attempts',
  'webhook_deliveries',
];

export const runtime = 'latchkey_runtime';

/** What may look over all brands: asked before a brand is known. */
const definers = ['find_api_key', 'brand_of_key_prefix'];

/** The one form of a policy, as PostgreSQL tells it. */
const policyOn = (brand: string) =>
  `((${brand} = (NULLIF(current_setting('app.brand_id'::text, true), ''::text))::uuid) OR (current_setting('app.all_brands'::text, true) = 'on'::text))`;

interface Table {
  name: string;
  enabled: boolean;
  forced: boolean;
  policies: { permissive: boolean; command: string; using: string | null; check: string | null }[];
  leads: boolean;
  granted: string[];
}

/** Every tenant table of the database, by what the catalogue says of it. */
async function tables(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
            (select coalesce(json_agg(json_build_object('permissive', polpermissive, 'command', polcmd,
                       'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))), '[]')
               from pg_policy where polrelid = c.oid) as policies,
            exists (select from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
                     where i.indrelid = c.oid and a.attname = case c.relname when 'brands' then 'id' else 'brand_id' end
                       and (i.indisprimary or i.indpred is null)) as leads,
            array(select privilege from unnest(array['DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
                   where has_table_privilege($1, c.oid, privilege)) as granted
       from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    [runtime],
  );
  return rows.filter(({ name }) => !(name in tenantless));
}

export const tenantTables = async (client: ClientBase): Promise<string[]> => (await tables(client)).map(({ name }) => name);
export const brandColumn = (table: string): string => (table === 'brands' ? 'id' : 'brand_id');

/** What is wrong with the second wall, one line each; none is what a test wants to see. */
export async function faultsOfWall(client: ClientBase): Promise<string[]> {
  return [...(await tables(client)).flatMap(faultsOfTable), ...(await faultsBesideTables(client)), ...(await faultsOfRole(client))];
}

function faultsOfTable({ name, enabled, forced, policies, leads, granted }: Table): string[] {
  const expected = policyOn(brandColumn(name));
  const right = (policy: Table['policies'][number]) =>
    policy.permissive && policy.command === '*' && policy.using === expected && policy.check === expected;
  return [
    ...(enabled ? [] : [`${name}: row-level security is off`]),
    ...(forced ? [] : [`${name}: not forced on its owner`]),
    ...(policies.some(right) ? [] : [`${name}: no policy on the brand, for reading and for writing`]),
    ...(policies.every((policy) => right(policy) || !policy.permissive) ? [] : [`${name}: a policy that lets through more`]),
    ...(leads ? [] : [`${name}: neither primary key nor index begins with the brand`]),
    ...granted
      .filter((privilege) => privilege !== 'DELETE' || !forgotten.includes(name))
      .map((privilege) => `${name}: ${runtime} may ${privilege}`),
  ];
}

async function faultsBesideTables(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ fault: string }>(
    `select relname || ': a view sees with the eyes of its owner' as fault
       from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'f')
     union all
     select conrelid::regclass || ': a foreign key to ' || confrelid::regclass || ' without the brand'
       from pg_constraint f
      where contype = 'f' and connamespace = 'public'::regnamespace and confrelid <> 'brands'::regclass
        and not exists (select from pg_attribute a where a.attrelid = f.conrelid and a.attname = 'brand_id' and a.attnum = any (f.conkey))
     union all
     select proname || ': a function that looks over all brands'
       from pg_proc where pronamespace = 'public'::regnamespace and prosecdef and proname <> all ($1)
     union all
     select proname || ': its search path is not pinned'
       from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
        and not coalesce('search_path=pg_catalog, public, pg_temp' = any (proconfig), false)
     union all
     select proname || ': anybody may call it'
       from pg_proc cross join lateral aclexplode(coalesce(proacl, acldefault('f', proowner))) acl
      where pronamespace = 'public'::regnamespace and prosecdef and acl.grantee = 0`,
    [definers],
  );
  return rows.map(({ fault }) => fault);
}

async function faultsOfRole(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ fault: string }>(
    `select 'is a superuser' as fault from pg_roles where rolname = $1 and rolsuper
     union all select 'bypasses row-level security' from pg_roles where rolname = $1 and rolbypassrls
     union all select 'makes roles or databases' from pg_roles where rolname = $1 and (rolcreaterole or rolcreatedb)
     union all select 'may become ' || roleid::regrole from pg_auth_members where member = $1::regrole
     union all select 'owns ' || relname from pg_class where relowner = $1::regrole
     union all select 'owns ' || proname from pg_proc where proowner = $1::regrole
     union all select 'makes objects in the schema' where has_schema_privilege($1, 'public', 'CREATE')
     union all select 'changes the migrations' where has_table_privilege($1, 'migrations', 'INSERT, UPDATE, DELETE, TRUNCATE')
     union all select 'changes the audit log' where has_table_privilege($1, 'audit_logs', 'UPDATE')
     union all select 'changes the encryption keys' where has_table_privilege($1, 'encryption_keys', 'UPDATE, DELETE, TRUNCATE')
     union all select 'changes the peppers' where has_table_privilege($1, 'peppers', 'UPDATE, DELETE, TRUNCATE')`,
    [runtime],
  );
  return rows.map(({ fault }) => `${runtime} ${fault}`);
}
