import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { BrandId } from '../libs/kernel/brand-id';
import { publicId } from '../libs/kernel/id';
import { Database } from '../libs/persistence/database';
import { reseal, type SealedColumns } from '../libs/persistence/resealing';
import { Vault } from '../libs/vault/vault';
import { sealedAccountColumns } from './billing/adapters/sealed-account-secrets';
import { type Gift, GrantPlan } from './billing/use-cases/grant-plan';
import {
  type InboxStatus,
  LinkCustomer,
  ListProviderEvents,
  Reconciliation,
  ReplayProviderEvent,
  type Scope,
  UnlinkCustomer,
} from './billing';
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

/** Compares what was paid with licenses, purchase by purchase; tells each that was repaired or is not right. */
export async function reconcile(app: INestApplicationContext, scope: Scope, tell: (line: string) => void) {
  const told = { looked: 0, repaired: 0, drifting: 0, failed: 0 };
  const purchases: object[] = [];
  for await (const { brandId, subject, changes, drifts, error } of app.get(Reconciliation, { strict: false }).of(scope)) {
    told.looked += 1;
    if (changes.length > 0) told.repaired += 1;
    if (drifts.length > 0) told.drifting += 1;
    if (error !== null) told.failed += 1;
    const whose = subject ?? publicId('brand', brandId);
    if (changes.length + drifts.length > 0 || error !== null) purchases.push({ purchase: whose, changes, drifts, error });
    for (const change of changes) tell(`${scope.dryRun ? 'would repair' : 'repaired'}  ${change}`);
    for (const { cause, detail } of drifts) tell(`${cause}  ${whose}: ${detail}`);
    if (error !== null) tell(`not looked up  ${whose}: ${error}`);
  }
  return {
    json: { dryRun: scope.dryRun, ...told, purchases },
    text: `${told.looked} looked up, ${told.repaired} ${scope.dryRun ? 'would be ' : ''}repaired, ${told.drifting} not right, ${told.failed} failed.`,
  };
}

/** What Stripe sent, newest first. */
export async function stripeEvents(app: INestApplicationContext, brandId: BrandId, status: InboxStatus | undefined) {
  const listed = new ListProviderEvents(brandId, status === undefined ? {} : { status }, { limit: 100, after: null });
  const { items } = await app.get(QueryBus).execute(listed);
  const lines = items.map(({ id, type, status: is, error }) => `${id}  ${is.padEnd(9)}  ${type}${error === null ? '' : `  ${error}`}`);
  return { json: { events: items }, text: lines.join('\n') || 'There are none.' };
}

/** Has an event of Stripe processed again, by the service that runs. */
export async function replayEvent(app: INestApplicationContext, brandId: BrandId, id: string) {
  const { status, type } = await app.get(CommandBus).execute(new ReplayProviderEvent(brandId, id));
  const text =
    status === 'waiting' ? `The ${type} is processed again in a moment.` : `It stays as it is (${status}): it concerns no license.`;
  return { json: { id, type, status }, text };
}

export async function linkCustomer(app: INestApplicationContext, brandId: BrandId, id: string, email: string | undefined) {
  const { email: own, linkedEmail } = await app.get(CommandBus).execute(new LinkCustomer(brandId, id, email ?? null));
  const text = `What ${id} buys drives licenses of ${linkedEmail ?? own ?? 'whoever Stripe says'}; all of it is looked up soon.`;
  return { json: { id, linked: true, email: linkedEmail ?? own }, text };
}

export async function unlinkCustomer(app: INestApplicationContext, brandId: BrandId, id: string) {
  await app.get(CommandBus).execute(new UnlinkCustomer(brandId, id));
  return { json: { id, linked: false }, text: `What ${id} buys changes no license any more.` };
}

const dayInSeconds = 86_400;
