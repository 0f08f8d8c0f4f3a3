import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Brands, credentials, products, license keys, licenses, activations and the outbox, behind row-level security. */
export class Core1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(runtimeRole);
    await runner.query(tables);
    await runner.query(beforeABrandIsKnown);
    await runner.query(tenantWall);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table outbox_events, activations, licenses, license_keys, products, api_keys, brands, peppers;
      drop function find_api_key, brand_of_key_prefix;
    `);
  }
}

/** The service works as a role that owns nothing and bypasses nothing. Roles belong to the whole server, so it may exist already. */
const runtimeRole = `
  do $$ begin
    if not exists (select from pg_roles where rolname = 'latchkey_runtime') then
      create role latchkey_runtime login nosuperuser nocreatedb nocreaterole nobypassrls;
    end if;
    -- So that a login of the owner's may act as the runtime role. Not needed where the service logs in as that role.
    if not (select rolsuper from pg_roles where rolname = current_user) then
      execute format('grant latchkey_runtime to %I', current_user);
    end if;
  exception when insufficient_privilege then
    if not exists (select from pg_roles where rolname = 'latchkey_runtime') then raise; end if;
  end $$;
  grant usage on schema public to latchkey_runtime;
  grant select on migrations to latchkey_runtime;
`;

const tables = `
  create table brands (
    id uuid primary key,
    slug text not null constraint brands_slug_unique unique,
    name text not null,
    key_prefix text not null check (key_prefix ~ '^[A-Z][A-Z0-9]{1,9}$'),
    status text not null check (status in ('active', 'suspended')),
    metadata jsonb not null,
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
  );
  -- Two prefixes that a person may confuse (I, L and 1; O and 0) are the same prefix.
  create unique index brands_key_prefix_unique on brands (translate(key_prefix, 'ILO', '110'));

  create table api_keys (
    id uuid primary key,
    brand_id uuid references brands,
    role text not null check (role in ('brand', 'internal')),
    name text not null,
    public_part text not null constraint api_keys_public_part_unique unique,
    hash bytea not null,
    hint text not null,
    previous_public_part text unique,
    previous_hash bytea,
    previous_until timestamptz,
    scopes text[] not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null,
    check ((role = 'brand') = (brand_id is not null))
  );
  create index api_keys_of_brand on api_keys (brand_id, id);

  create table products (
    brand_id uuid not null references brands,
    id uuid not null,
    code text not null,
    name text not null,
    seat_limit int check (seat_limit > 0),
    duration_days int check (duration_days > 0),
    grace_days int not null check (grace_days >= 0),
    entitlements jsonb not null,
    metadata jsonb not null,
    status text not null check (status in ('active', 'archived')),
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (brand_id, id),
    constraint products_code_unique unique (brand_id, code)
  );

  create table license_keys (
    brand_id uuid not null references brands,
    id uuid not null,
    hash bytea not null,
    pepper_version int not null,
    previous_hash bytea,
    previous_until timestamptz,
    hint text not null,
    customer_email text not null,
    created_at timestamptz not null,
    reissued_at timestamptz,
    primary key (brand_id, id),
    constraint license_keys_hash_unique unique (brand_id, hash)
  );
  create index license_keys_of_pepper on license_keys (pepper_version);
  create index license_keys_previous_hash on license_keys (brand_id, previous_hash) where previous_hash is not null;

  create table licenses (
    brand_id uuid not null,
    id uuid not null,
    license_key_id uuid not null,
    product_id uuid not null,
    product_code text not null,
    customer_email text not null,
    status text not null check (status in ('valid', 'suspended', 'cancelled')),
    starts_at timestamptz,
    expires_at timestamptz,
    grace_days int not null check (grace_days >= 0),
    seat_limit int check (seat_limit > 0),
    seats_used int not null,
    seat_ceiling int,
    entitlements jsonb not null,
    metadata jsonb not null,
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (brand_id, id),
    foreign key (brand_id, license_key_id) references license_keys,
    foreign key (brand_id, product_id) references products,
    -- No code, however wrong, sells a seat twice. The ceiling is the limit, or the seats still taken after the limit was lowered.
    constraint licenses_no_oversell check (seats_used >= 0 and (seat_ceiling is null or seats_used <= seat_ceiling)),
    constraint licenses_ceiling check (
      (seat_limit is null) = (seat_ceiling is null) and (seat_ceiling = seat_limit or (seat_ceiling > seat_limit and seat_ceiling = seats_used))
    )
  ) with (fillfactor = 50);
  create unique index licenses_one_per_product on licenses (brand_id, license_key_id, product_id) where status <> 'cancelled';
  create index licenses_of_key on licenses (brand_id, license_key_id);
  -- These two serve operators as well, who ask over all brands.
  create index licenses_of_customer on licenses (customer_email, brand_id, id);
  create index licenses_by_id on licenses (id);
  create index licenses_by_expiry on licenses (brand_id, status, expires_at);

  create table activations (
    brand_id uuid not null,
    id uuid not null,
    license_id uuid not null,
    instance_id text not null,
    instance_name text,
    metadata jsonb not null,
    activated_at timestamptz not null,
    last_seen_at timestamptz not null,
    deactivated_at timestamptz,
    primary key (brand_id, id),
    foreign key (brand_id, license_id) references licenses,
    -- Over living and ended rows alike: an instance that comes back gets its row back.
    constraint activations_one_per_instance unique (brand_id, license_id, instance_id)
  );
  create index activations_living on activations (brand_id, license_id, id) where deactivated_at is null;

  -- No foreign key: facts about the installation itself have the nil brand, and the hot path is spared the check.
  create table outbox_events (
    brand_id uuid not null,
    id uuid not null,
    position bigint generated always as identity,
    type text not null,
    data jsonb not null,
    actor text,
    request_id text,
    occurred_at timestamptz not null,
    delivered_at timestamptz,
    primary key (brand_id, id)
  );
  create index outbox_events_undelivered on outbox_events (position) where delivered_at is null;

  -- What each pepper makes of a fixed text: a start with another pepper under a known version is refused, before it locks customers out.
  create table peppers (version int primary key, fingerprint bytea not null);
`;

/**
 * The two questions that come before any brand. Each answers one row for an exact, unguessable or public name; no more.
 * They look over all brands for the length of one statement; as `SET` of the function, only a superuser could declare that.
 */
const beforeABrandIsKnown = `
  create function find_api_key(wanted text)
    returns table (
      id uuid, brand_id uuid, role text, scopes text[], public_part text, hash bytea, previous_hash bytea, previous_until timestamptz,
      expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz, brand_slug text, brand_status text
    )
    language plpgsql stable security definer
    set search_path = pg_catalog, public, pg_temp
    as $$
    declare reach text := coalesce(current_setting('app.all_brands', true), '');
    begin
      perform set_config('app.all_brands', 'on', true);
      return query
        select k.id, k.brand_id, k.role, k.scopes, k.public_part, k.hash, k.previous_hash, k.previous_until,
               k.expires_at, k.last_used_at, k.revoked_at, b.slug, b.status
          from api_keys k left join brands b on b.id = k.brand_id
         where k.public_part = wanted or k.previous_public_part = wanted;
      perform set_config('app.all_brands', reach, true);
    end $$;

  create function brand_of_key_prefix(folded text) returns uuid
    language plpgsql stable security definer
    set search_path = pg_catalog, public, pg_temp
    as $$
    declare
      reach text := coalesce(current_setting('app.all_brands', true), '');
      brand uuid;
    begin
      perform set_config('app.all_brands', 'on', true);
      select id into brand from brands where translate(key_prefix, 'ILO', '110') = folded;
      perform set_config('app.all_brands', reach, true);
      return brand;
    end $$;

  revoke all on function find_api_key, brand_of_key_prefix from public;
  grant execute on function find_api_key, brand_of_key_prefix to latchkey_runtime;
`;

/** The second wall. FORCE, because the owner of a table would walk past it; no setting means no row. */
const tenantWall = ['brands', 'api_keys', 'products', 'license_keys', 'licenses', 'activations', 'outbox_events']
  .map((table) => {
    const brand = table === 'brands' ? 'id' : 'brand_id';
    const inReach = `${brand} = nullif(current_setting('app.brand_id', true), '')::uuid or current_setting('app.all_brands', true) = 'on'`;
    return `
      alter table ${table} enable row level security;
      alter table ${table} force row level security;
      create policy tenant on ${table} using (${inReach}) with check (${inReach});
      grant select, insert, update on ${table} to latchkey_runtime;
    `;
  })
  .concat('grant select, insert on peppers to latchkey_runtime;')
  .join('');
