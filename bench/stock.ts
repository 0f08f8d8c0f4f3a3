import { readFileSync } from 'node:fs';
import type { Client } from 'pg';
import type { BrandId } from '../libs/kernel/brand-id';
import { newId } from '../libs/kernel/id';
import { readConfig } from '../src/core/config';
import type { KeyMint } from '../src/licenses/ports/key-mint';
import { PepperedKeyMint } from '../src/licenses/adapters/peppered-key-mint';

/** What the load asks for, as a file that its processes read. */
export interface Stock {
  /** Of all keys but those of `brands`. */
  readonly brandId: BrandId;
  readonly product: string;
  /** Of the licenses of `existing`. */
  readonly licenseIds: readonly string[];
  readonly keys: Readonly<Record<Keys, readonly string[]>>;
}

/**
 * `existing`: of one brand. `unknown`: well-formed keys of the same brand that were never issued. `hot`: one license, `spread`: a thousand,
 * both without a limit of seats. `brands`: of fifty brands. `limited` and `limited too`: licenses that have a few seats.
 */
export type Keys = 'existing' | 'unknown' | 'hot' | 'spread' | 'brands' | 'limited' | 'limited too';

/** Who asks for the services' own licenses. */
export interface Operator {
  readonly url: string;
  readonly operatorKey: string;
}

const product = 'bench';
const [atOnce, brands, keysOfEachBrand, limitedLicenses, seatsOfEach] = [5_000, 50, 20, 20, 10];

/** Of a service that runs with the settings that it has by itself. */
export const benchMint = (): KeyMint => new PepperedKeyMint({ all: readConfig({}).peppers });

/** Opens brands over HTTP as anybody would, each with one license; the others are copies of its rows under keys that really open. */
export async function stockUp(owner: Client, operator: Operator, count: number): Promise<Stock> {
  const mint = benchMint();
  const main = await openBrand(owner, operator, 'bench', 'BENCH');
  const existing = await copies(owner, main, mint, count);
  const seats = { seat_limit: seatsOfEach, seat_ceiling: seatsOfEach };
  const limited = await copies(owner, main, mint, 2 * limitedLicenses, seats);
  const ofBrands: string[] = [];
  for (let number = 0; number < brands; number++) {
    const brand = await openBrand(owner, operator, `bench-${number}`, `BENCH${String(number).padStart(2, '0')}`);
    ofBrands.push(...(await copies(owner, brand, mint, keysOfEachBrand)).texts);
  }
  // The clock has looked at them already: else the service would be busy with that.
  await owner.query(`update licenses set next_notice_at = expires_at - interval '7 days'`);
  // Not the empty tables: their plans would be made for what stays empty.
  await owner.query('vacuum analyze brands, products, license_keys, licenses');
  return {
    brandId: main.brandId,
    product,
    licenseIds: existing.licenseIds,
    keys: {
      existing: existing.texts,
      unknown: Array.from({ length: 10_000 }, () => mint.mint(main.prefix).text),
      hot: existing.texts.slice(0, 1),
      spread: existing.texts.slice(1, 1001),
      brands: ofBrands,
      limited: limited.texts.slice(0, limitedLicenses),
      'limited too': limited.texts.slice(limitedLicenses),
    },
  };
}

let [readFile, read]: [string | null, Stock | null] = [null, null];

export function readStock(file: string): Stock {
  if (file !== readFile || !read) [readFile, read] = [file, JSON.parse(readFileSync(file, 'utf8')) as Stock];
  return read;
}

/** A brand whose rows are to be copied. */
export interface OpenedBrand {
  readonly prefix: string;
  readonly brandId: BrandId;
  readonly licenseId: string;
  readonly licenseKeyId: string;
  /** The one key that was provisioned over HTTP. */
  readonly key: string;
}

/** Opens a brand with a product and a license. */
export async function openBrand(owner: Client, { url, operatorKey }: Operator, slug: string, prefix: string): Promise<OpenedBrand> {
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'x-api-key': operatorKey };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json() as Promise<{ license_key?: { key: string } }>;
  };
  await post('/v1/brands', { slug, name: `Bench ${slug}`, key_prefix: prefix });
  await post(`/v1/brands/${slug}/products`, { code: product, name: 'Bench', seat_limit: null, duration_days: 365 });
  const body = { customer_email: 'bench@example.com', licenses: [{ product_code: product }] };
  const { license_key } = await post(`/v1/brands/${slug}/licenses`, body);
  const { rows } = await owner.query<Pick<OpenedBrand, 'brandId' | 'licenseId' | 'licenseKeyId'>>(
    `select brand_id as "brandId", licenses.id as "licenseId", license_key_id as "licenseKeyId"
       from licenses join brands on brands.id = brand_id where slug = $1`,
    [slug],
  );
  const [license] = rows;
  if (!license || !license_key) throw new Error('The license to copy is missing.');
  return { prefix, key: license_key.key, ...license };
}

/** Licenses like the brand's first, each under a key of its own. @param more columns of the license that are to be different */
async function copies(owner: Client, brand: OpenedBrand, mint: KeyMint, count: number, more: object = {}) {
  const [texts, licenseIds]: [string[], string[]] = [[], []];
  while (texts.length < count) {
    const batch = Array.from({ length: Math.min(atOnce, count - texts.length) }, () => ({
      ...mint.mint(brand.prefix),
      key: newId(),
      license: newId(),
    }));
    await copyRows(owner, brand, batch, more);
    texts.push(...batch.map(({ text }) => text));
    licenseIds.push(...batch.map(({ license }) => license));
  }
  return { texts, licenseIds };
}

/** Copies whole rows, whatever columns they have, and replaces what must differ. */
async function copyRows(
  owner: Client,
  { licenseId, licenseKeyId }: OpenedBrand,
  batch: readonly { key: string; license: string; hash: Buffer; hint: string }[],
  more: object,
): Promise<void> {
  const keys = batch.map(({ key }) => key);
  await owner.query(
    `insert into license_keys
     select (jsonb_populate_record(one, jsonb_build_object('id', new.id, 'hash', new.hash, 'hint', new.hint))).*
       from license_keys one, unnest($2::uuid[], $3::text[], $4::text[]) as new (id, hash, hint)
      where one.id = $1`,
    [licenseKeyId, keys, batch.map(({ hash }) => `\\x${hash.toString('hex')}`), batch.map(({ hint }) => hint)],
  );
  await owner.query(
    `insert into licenses
     select (jsonb_populate_record(one, jsonb_build_object('id', new.id, 'license_key_id', new.key) || $4)).*
       from licenses one, unnest($2::uuid[], $3::uuid[]) as new (id, key)
      where one.id = $1`,
    [licenseId, batch.map(({ license }) => license), keys, JSON.stringify(more)],
  );
}

/** What must be true afterwards, however fast it was; answers what is not. @param seats that were acknowledged as taken and as given back */
export async function faultsAfter(owner: Client, { taken, freed }: { taken: number; freed: number }): Promise<string[]> {
  const { rows } = await owner.query<Record<'unequal' | 'oversold' | 'halfFull' | 'living' | 'activated' | 'deactivated', number>>(
    `with seats as (
       select l.seats_used, l.seat_limit, l.product_code, coalesce(a.living, 0) as living
         from licenses l
         left join (select brand_id, license_id, count(*)::int as living from activations where deactivated_at is null group by 1, 2) a
           on a.brand_id = l.brand_id and a.license_id = l.id
     )
     select (select count(*)::int from seats where seats_used <> living) as unequal,
            (select count(*)::int from seats where living > seat_limit) as oversold,
            (select count(*)::int from seats where product_code = $1 and living > 0 and living < seat_limit) as "halfFull",
            (select count(*)::int from activations where deactivated_at is null) as living,
            (select count(*)::int from outbox_events where type = 'license.activated') as activated,
            (select count(*)::int from outbox_events where type = 'seat.deactivated') as deactivated`,
    [product],
  );
  const found = rows[0]!;
  const unless = (holds: boolean, fault: string) => (holds ? [] : [fault]);
  return [
    ...unless(found.unequal === 0, `${found.unequal} licenses count other seats than are taken`),
    ...unless(found.oversold === 0, `${found.oversold} licenses are oversold`),
    ...unless(found.halfFull === 0, `${found.halfFull} licenses refused seats that they had`),
    ...unless(found.living === taken - freed, `${taken - freed} seats are held by what was acknowledged, ${found.living} are there`),
    ...unless(found.activated === taken, `${taken} activations were acknowledged, ${found.activated} events are there`),
    ...unless(found.deactivated === freed, `${freed} deactivations were acknowledged, ${found.deactivated} events are there`),
  ];
}
