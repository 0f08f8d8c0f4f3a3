import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { BrandId } from '../libs/kernel/brand-id';
import { publicId } from '../libs/kernel/id';
import { Database } from '../libs/persistence/database';
import { reseal, type SealedColumns } from '../libs/persistence/resealing';
import { Vault } from '../libs/vault/vault';
import { sealedAccountColumns } from './billing/adapters/sealed-account-secrets';
import { type Gift, GrantPlan } from './billing/use-cases/grant-plan';
import { allBrands } from './identity';
import { ExtendGrace, graceUntil, LicenseDesk } from './licenses';
import { sealedMailColumns } from './mail/adapters/vault-key-safe';
import { ResendLicenseKey } from './mail/use-cases/resend-license-key';
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

/** Gives a customer a plan that nobody pays for. */
export async function grantPlan(app: INestApplicationContext, brandId: BrandId, gift: Gift) {
  const { licenseKey, licenses } = await app.get(CommandBus).execute(new GrantPlan(brandId, gift));
  const given = licenses.map(({ id, productCode, seatLimit, expiresAt }) => ({
    id: publicId('license', id),
    product: productCode,
    seats: seatLimit,
    expiresAt,
  }));
  const lines = given.map(
    ({ id, product, seats, expiresAt }) =>
      `${id}  ${product}  ${seats ?? 'any number of'} seats  ${expiresAt ? `until ${expiresAt.toISOString()}` : 'without end'}`,
  );
  return {
    json: { licenseKey: publicId('licenseKey', licenseKey.id), hint: licenseKey.hint, licenses: given },
    text: [`The license key ${licenseKey.hint} goes to ${licenseKey.customerEmail} by mail.`, ...lines].join('\n'),
  };
}

/** Lets a license of any brand work for longer after its end. */
export async function extendGrace(app: INestApplicationContext, id: string, days: number, reason: string | undefined) {
  const brandId = await app.get(Database).run(allBrands, () => app.get(LicenseDesk, { strict: false }).brandOf(allBrands, id));
  const license = await app.get(CommandBus).execute(new ExtendGrace(brandId, id, days, reason));
  const until = graceUntil(license)!;
  return {
    json: { id: publicId('license', id), expiresAt: license.expiresAt, graceUntil: until },
    text: `The license of ${license.productCode} works until ${until.toISOString()}.`,
  };
}

/** Sends a customer the license key again. */
export async function resendKey(app: INestApplicationContext, brandId: BrandId, id: string) {
  const resent = await app.get(CommandBus).execute(new ResendLicenseKey(brandId, id, dayInSeconds));
  const isReissued = resent.resent === 'reissued';
  return {
    json: { id: publicId('licenseKey', id), resent: resent.resent, ...(isReissued && { hint: resent.licenseKey.hint }) },
    text: isReissued
      ? `A new key ${resent.licenseKey.hint} goes to the customer by mail; the old one works for a day.`
      : 'The mail with the key still waited: it goes now.',
  };
}

const dayInSeconds = 86_400;
