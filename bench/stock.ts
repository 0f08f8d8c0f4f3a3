import type { Client } from 'pg';
import { newId } from '../libs/kernel/id';
import { readConfig } from '../src/core/config';
import { PepperedKeyMint } from '../src/licenses/adapters/peppered-key-mint';

/** What the load asks for, as a file that its process reads. */
export interface Stock {
  readonly brandId: string;
  readonly product: string;
  readonly licenseIds: readonly string[];
  readonly existing: readonly string[];
  /** Well-formed keys of the same brand that were never issued. */
  readonly unknown: readonly string[];
  /** One license, without a limit of seats. */
  readonly hot: readonly string[];
  /** A thousand licenses, without a limit of seats. */
  readonly spread: readonly string[];
}

const [product, prefix, atOnce] = ['bench', 'BENCH', 5_000];

/** Opens a brand over HTTP as anybody would, with one license; the others are copies of its rows under keys that really open. */
export async function stockUp(owner: Client, url: string, operatorKey: string, count: number): Promise<Stock> {
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'x-api-key': operatorKey };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  };
  await post('/v1/brands', { slug: product, name: 'Bench', key_prefix: prefix });
  await post(`/v1/brands/${product}/products`, { code: product, name: 'Bench', seat_limit: null, duration_days: 365 });
  await post(`/v1/brands/${product}/licenses`, { customer_email: 'bench@example.com', licenses: [{ product_code: product }] });

  const { rows } = await owner.query<{ brand_id: string; id: string; license_key_id: string }>(
    'select brand_id, id, license_key_id from licenses where product_code = $1',
    [product],
  );
  const [template] = rows;
  if (!template) throw new Error('The license to copy is missing.');
  const mint = new PepperedKeyMint({ all: readConfig({}).peppers });
  const existing: string[] = [];
  const licenseIds: string[] = [];
  while (existing.length < count) {
    const batch = Array.from({ length: Math.min(atOnce, count - existing.length) }, () => ({
      ...mint.mint(prefix),
      key: newId(),
      license: newId(),
    }));
    await copyRows(owner, template, batch);
    existing.push(...batch.map(({ text }) => text));
    licenseIds.push(...batch.map(({ license }) => license));
  }
  await owner.query('vacuum analyze');
  const unknown = Array.from({ length: 10_000 }, () => mint.mint(prefix).text);
  return { brandId: template.brand_id, product, licenseIds, existing, unknown, hot: existing.slice(0, 1), spread: existing.slice(1, 1001) };
}

/** Copies whole rows, whatever columns they have, and replaces what must differ. */
async function copyRows(
  owner: Client,
  template: { id: string; license_key_id: string },
  batch: readonly { key: string; license: string; hash: Buffer; hint: string }[],
): Promise<void> {
  const keys = batch.map(({ key }) => key);
  await owner.query(
    `insert into license_keys
     select (jsonb_populate_record(one, jsonb_build_object('id', new.id, 'hash', new.hash, 'hint', new.hint))).*
       from license_keys one, unnest($2::uuid[], $3::text[], $4::text[]) as new (id, hash, hint)
      where one.id = $1`,
    [template.license_key_id, keys, batch.map(({ hash }) => `\\x${hash.toString('hex')}`), batch.map(({ hint }) => hint)],
  );
  await owner.query(
    `insert into licenses
     select (jsonb_populate_record(one, jsonb_build_object('id', new.id, 'license_key_id', new.key))).*
       from licenses one, unnest($2::uuid[], $3::uuid[]) as new (id, key)
      where one.id = $1`,
    [template.id, batch.map(({ license }) => license), keys],
  );
}

/** What must be true afterwards, however fast it was; answers what is not. */
export async function faultsAfter(owner: Client, acknowledged: number): Promise<string[]> {
  const { rows } = await owner.query<{ unequal: number; living: number; events: number }>(
    `select (select count(*)::int from licenses l
               left join (select license_id, count(*) as taken from activations where deactivated_at is null group by license_id) a
                 on a.license_id = l.id
              where l.seats_used <> coalesce(a.taken, 0)) as unequal,
            (select count(*)::int from activations where deactivated_at is null) as living,
            (select count(*)::int from outbox_events where type = 'license.activated') as events`,
  );
  const { unequal, living, events } = rows[0]!;
  return [
    ...(unequal === 0 ? [] : [`${unequal} licenses count other seats than are taken`]),
    ...(living === acknowledged ? [] : [`${acknowledged} activations were acknowledged, ${living} are there`]),
    ...(events === acknowledged ? [] : [`${acknowledged} activations were acknowledged, ${events} events are there`]),
  ];
}
