import type { INestApplicationContext } from '@nestjs/common';
import { Database } from '../libs/persistence/database';
import { allBrands } from './identity';
import { hmac } from './licenses/adapters/peppered-key-mint';
import { type Pepper, Peppers } from './licenses';

/** The service could run, but would not keep its promises. The message says what to do. */
export class UnsafeStart extends Error {}

/** Refuses to serve over a database whose wall does not hold, or whose keys were hashed under other peppers. */
export async function refuseUnsafeStart(app: INestApplicationContext): Promise<void> {
  const db = app.get(Database);
  await refuseWithoutWall(db);
  await db.run(allBrands, () => refuseOtherPeppers(db, app.get(Peppers)));
}

async function refuseWithoutWall(db: Database): Promise<void> {
  const [row] = await db.beforeBrand<{ who: string; above: boolean; owns: boolean; migrated: boolean }>(
    `select current_user as who, rolsuper or rolbypassrls as above, to_regclass('public.peppers') is not null as migrated,
            exists (select from pg_class where relowner = pg_roles.oid and relkind = 'r' and relnamespace = 'public'::regnamespace) as owns
       from pg_roles where rolname = current_user`,
  );
  if (!row?.migrated) throw new UnsafeStart('The database is not migrated. Run: npm run latchkey -- migrate');
  if (row.above || row.owns) throw new UnsafeStart(`The service would work as ${row.who}, whom row-level security does not hold back.`);
}

/**
 * A pepper that changed under its version, or that is missing while keys need it, would lock every customer out, one verdict at a time.
 * The first start with a version settles its secret, even before there are keys: two services must never hash under different ones.
 */
async function refuseOtherPeppers(db: Database, { all }: Peppers): Promise<void> {
  for (const pepper of all) {
    await db.manager.query('insert into peppers values ($1, $2) on conflict do nothing', [pepper.version, fingerprintOf(pepper)]);
  }
  const known = await db.manager.query<{ version: number; fingerprint: Buffer; used: boolean }[]>(
    'select version, fingerprint, exists (select from license_keys where pepper_version = version) as used from peppers',
  );
  for (const { version, fingerprint, used } of known) {
    const given = all.find((pepper) => pepper.version === version);
    if (given && !fingerprintOf(given).equals(fingerprint)) {
      throw new UnsafeStart(
        `LICENSE_KEY_PEPPERS: pepper ${version} is not the one that this database's license keys were hashed under. ` +
          'Give it back its secret; a new secret gets a new version beside it.',
      );
    }
    if (!given && used) {
      throw new UnsafeStart(
        `LICENSE_KEY_PEPPERS: pepper ${version} is missing, and license keys were hashed under it. Without it they open nothing.`,
      );
    }
  }
}

const fingerprintOf = (pepper: Pepper): Buffer => hmac(pepper, 'which pepper is this?');
