import type { INestApplicationContext } from '@nestjs/common';
import { Database } from '../libs/persistence/database';
import { reseal, type SealedColumns } from '../libs/persistence/resealing';
import { Vault } from '../libs/vault/vault';
import { sealedAccountColumns } from './billing/adapters/sealed-account-secrets';
import { allBrands } from './identity';
import { sealedMailColumns } from './mail/adapters/vault-key-safe';
import { sealedEndpointColumns } from './webhooks/adapters/sealed-endpoint-secrets';

/** What is kept for long, and has to open under a newer key one day. */
const kept: readonly [name: string, sealed: SealedColumns][] = [
  ['billing accounts', sealedAccountColumns],
  ['webhook endpoints', sealedEndpointColumns],
  ['mails', sealedMailColumns],
];

export const resealHelp = `
Do it after a newer key was added to ENCRYPTION_KEYS and every instance was started with it. It may be done again at any time.
Afterwards the older keys are still needed for:
  answers kept for an Idempotency-Key, until RETENTION_IDEMPOTENCY_HOURS are over (24 unless set);
  the signatures of the audit log, for as long as it is to be checked.
The service refuses to start without a key that something still needs.`;

/** Encrypts secrets at rest under the newest of ENCRYPTION_KEYS. */
export async function resealSecrets(app: INestApplicationContext) {
  const [db, vault] = [app.get(Database), app.get(Vault)];
  const json: Record<string, { resealed: number; unreadable: number }> = {};
  for (const [name, sealed] of kept) json[name.replace(' ', '_')] = await reseal(db, vault, allBrands, sealed);
  const lines = kept.map(([name]) => {
    const { resealed, unreadable } = json[name.replace(' ', '_')]!;
    return `${name}: ${resealed} under key ${vault.version}${unreadable > 0 ? `, ${unreadable} that no key opens` : ''}`;
  });
  return { json: { key: vault.version, ...json }, text: lines.join('\n') };
}
