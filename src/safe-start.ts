import type { INestApplicationContext } from '@nestjs/common';
import { Database } from '../libs/persistence/database';
import { EncryptionKeys } from '../libs/vault/vault';
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
  await db.run(allBrands, () => refuseOtherEncryptionKeys(db, app.get(EncryptionKeys)));
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

/** A pepper that changed under its version, or that is missing while keys need it, would lock every customer out, one verdict at a time. */
async function refuseOtherPeppers(db: Database, { all }: Peppers): Promise<void> {
  const used = 'select from license_keys where pepper_version = known.version';
  for (const { version, fault } of await comparedWith(db, 'peppers', all, used)) {
    if (fault === 'other') {
      throw new UnsafeStart(
        `LICENSE_KEY_PEPPERS: pepper ${version} is not the one that this database's license keys were hashed under. ` +
          'Give it back its secret; a new secret gets a new version beside it.',
      );
    }
    throw new UnsafeStart(
      `LICENSE_KEY_PEPPERS: pepper ${version} is missing, and license keys were hashed under it. Without it they open nothing.`,
    );
  }
}

/** What the Vault writes in front: the version of the key. */
const sealedUnder = (column: string): string => `get_byte(${column}, 0) * 256 + get_byte(${column}, 1) = known.version`;

/** Without its key nothing that was encrypted opens, and with another one the signatures of the audit log would look forged. */
async function refuseOtherEncryptionKeys(db: Database, { all }: EncryptionKeys): Promise<void> {
  const used = `select from webhook_endpoints where ${sealedUnder('secret')}
    union all select from webhook_endpoints where previous_until > now() and ${sealedUnder('previous_secret')}
    union all select from billing_accounts where ${sealedUnder('secret_key')} or ${sealedUnder('webhook_secret')}
    union all select from billing_accounts where previous_until > now() and ${sealedUnder('previous_webhook_secret')}
    union all select from mails where ${sealedUnder('sealed')}
    union all select from idempotency_keys where ${sealedUnder('answer')}
    union all select from audit_heads where key_version = known.version`;
  for (const { version, fault } of await comparedWith(db, 'encryption_keys', all, used)) {
    if (fault === 'other') {
      throw new UnsafeStart(
        `ENCRYPTION_KEYS: key ${version} is not the one that this database's secrets were encrypted under. ` +
          'Give it back its secret; a new secret gets a new version beside it.',
      );
    }
    throw new UnsafeStart(`ENCRYPTION_KEYS: key ${version} is missing, and secrets were encrypted under it.`);
  }
}

/**
 * The first start with a version settles its secret, even before it is used: two services must never work under different ones.
 * Answers each version that has another secret now, or that is missing although it was used.
 */
async function comparedWith(
  db: Database,
  table: 'peppers' | 'encryption_keys',
  all: readonly Pepper[],
  used: string,
): Promise<{ version: number; fault: 'other' | 'missing' }[]> {
  for (const secret of all) {
    await db.manager.query(`insert into ${table} values ($1, $2) on conflict do nothing`, [secret.version, fingerprintOf(secret)]);
  }
  const known = await db.manager.query<{ version: number; fingerprint: Buffer; used: boolean }[]>(
    `select version, fingerprint, exists (${used}) as used from ${table} known`,
  );
  return known.flatMap(({ version, fingerprint, used }): { version: number; fault: 'other' | 'missing' }[] => {
    const given = all.find((secret) => secret.version === version);
    if (!given) return used ? [{ version, fault: 'missing' }] : [];
    return fingerprintOf(given).equals(fingerprint) ? [] : [{ version, fault: 'other' }];
  });
}

const fingerprintOf = (secret: Pepper): Buffer => hmac(secret, 'which pepper is this?');
