import pino from 'pino';
import { parsePublicId } from '../../libs/kernel/id';
import { Database } from '../../libs/persistence/database';
import { reseal } from '../../libs/persistence/resealing';
import { runtimeUrl } from '../../libs/testing/database';
import { callOn, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { Vault, versionOf } from '../../libs/vault/vault';
import { SealedAccountSecrets, sealedAccountColumns } from '../../src/billing/adapters/sealed-account-secrets';
import { resealSecrets } from '../../src/billing-commands';
import { readConfig } from '../../src/core/config';
import { allBrands } from '../../src/identity';
import { MailDesk } from '../../src/mail';
import { VaultKeySafe } from '../../src/mail/adapters/vault-key-safe';
import { UnsafeStart } from '../../src/safe-start';
import { type Service, startService } from '../../src/service';
import { SealedEndpointSecrets } from '../../src/webhooks/adapters/sealed-endpoint-secrets';

const [first, second] = [`1:${'a'.repeat(32)}`, `2:${'b'.repeat(32)}`];
const vaultOf = (...keys: string[]) =>
  new Vault({ all: keys.map((key) => ({ version: Number(key.split(':')[0]), secret: key.split(':')[1]! })) });
const account = { stripe_secret_key: 'sk_test_latchkey_f00d', publishable_key: 'pk_test_latchkey_1', webhook_secret: 'whsec_latchkey_1' };

describe('Secrets sealed anew', () => {
  let service: TestService;
  let worlds: BrandWorld[];
  beforeAll(async () => {
    service = await startTestService({ ENCRYPTION_KEYS: first });
    worlds = [await createBrandWorld(service), await createBrandWorld(service), await createBrandWorld(service)];
    for (const world of worlds) await furnish(world);
  });
  afterAll(() => service.stop());

  async function furnish(world: BrandWorld): Promise<void> {
    const path = `/v1/brands/${world.slug}`;
    ok(await world.call({ method: 'PUT', path: `${path}/billing-account`, body: account }));
    ok(await world.call({ method: 'PUT', path: `${path}/billing-account`, body: { webhook_secret: 'whsec_latchkey_2' } }));
    const hook = ok(
      await world.call({ path: `${path}/webhook-endpoints`, body: { url: 'https://shop.example/hooks', event_types: ['*'] } }),
    );
    ok(await world.call({ path: `${path}/webhook-endpoints/${hook.id}/rotate-secret`, body: {} }));
    const brandId = parsePublicId('brand', world.brandId) as never;
    const licenseKey = { id: parsePublicId('licenseKey', world.licenseKeyId)!, text: world.licenseKey };
    const mail = { reason: 'key_issued:1', template: 'key_issued', to: world.email, facts: {}, licenseKey } as const;
    const [desk, db] = [service.app.get(MailDesk, { strict: false }), service.app.get(Database)];
    expect(await db.run(brandId, () => desk.post(brandId, mail))).toBe(true);
  }

  /** Another service over the same database. */
  function start(keys: string): Promise<Service> {
    const config = readConfig({ NODE_ENV: 'test', PORT: '0', DOCS: 'false', BACKGROUND_WORK: 'false', ENCRYPTION_KEYS: keys });
    return startService(config, runtimeUrl(service.database), pino({ level: 'silent' }));
  }
  const rows = async (sql: string) => (await service.owner.query<Record<string, Buffer>>(sql)).rows;
  const everything = async () => [
    ...(await rows('select secret_key, webhook_secret, previous_webhook_secret from billing_accounts')),
    ...(await rows('select secret, previous_secret from webhook_endpoints')),
    ...(await rows('select sealed from mails where sealed is not null')),
  ];
  const versions = async () => new Set((await everything()).flatMap((row) => Object.values(row)).map(versionOf));

  it('need the older key until then: without it the service does not start', async () => {
    await expect(start(second)).rejects.toThrow(UnsafeStart);
  });

  it('stand under the newest key, all of them, and it is said how many', async () => {
    expect(await versions()).toEqual(new Set([1]));
    const { app, stop } = await start(`${first},${second}`);
    const done = (resealed: number) => ({ resealed, unreadable: 0 });
    const all = (rows: number) => ({ key: 2, billing_accounts: done(rows), webhook_endpoints: done(rows), mails: done(rows) });
    const outcome = await resealSecrets(app);
    expect(outcome).toEqual({
      json: all(3),
      text: 'billing accounts: 3 under key 2\nwebhook endpoints: 3 under key 2\nmails: 3 under key 2',
    });
    expect(await versions()).toEqual(new Set([2]));
    expect((await resealSecrets(app)).json).toEqual(all(0));
    await stop();
  });

  it('are the same secrets, and open without the older key', async () => {
    const vault = vaultOf(second);
    const [accounts, endpoints, mails] = [new SealedAccountSecrets(vault), new SealedEndpointSecrets(vault), new VaultKeySafe(vault)];
    for (const row of await rows('select brand_id, secret_key, webhook_secret, previous_webhook_secret from billing_accounts')) {
      const open = (purpose: 'secret key' | 'webhook secret', column: string) =>
        accounts.open(row['brand_id'] as never, purpose, row[column]!);
      expect(open('secret key', 'secret_key')).toBe(account.stripe_secret_key);
      expect([open('webhook secret', 'webhook_secret'), open('webhook secret', 'previous_webhook_secret')]).toEqual([
        'whsec_latchkey_2',
        'whsec_latchkey_1',
      ]);
    }
    for (const row of await rows('select id, secret, previous_secret from webhook_endpoints')) {
      const both = [row['secret']!, row['previous_secret']!].map((sealed) => endpoints.open(String(row['id']), sealed));
      expect(both.every((secret) => secret.startsWith('whsec_'))).toBe(true);
    }
    const keys = (await rows('select id, sealed from mails')).map((row) => mails.open(String(row['id']), row['sealed']!));
    expect(keys.sort()).toEqual(worlds.map(({ licenseKey }) => licenseKey).sort());
  });

  it('let a service work that has the newest key alone', async () => {
    const { url, stop } = await start(second);
    for (const { slug, key } of worlds) {
      const answer = await callOn(url.replace('localhost', '127.0.0.1'), { path: `/v1/brands/${slug}/billing-account`, key });
      expect(answer).toMatchObject({ status: 200, body: { stripe_secret_key: 'sk_test_…f00d', unreadable: false } });
    }
    await stop();
  });

  it('are done in batches, and what no key opens is left as it is', async () => {
    const vault = vaultOf(first, second, `3:${'c'.repeat(32)}`);
    const [{ brand_id: broken }] = (await rows('select brand_id from billing_accounts order by brand_id offset 1 limit 1')) as [
      { brand_id: Buffer },
    ];
    await service.owner.query(`update billing_accounts set secret_key = '\\x0001aabb' where brand_id = $1`, [broken]);
    const db = service.app.get(Database);
    expect(await reseal(db, vault, allBrands, sealedAccountColumns, 1)).toEqual({ resealed: 3, unreadable: 1 });
    expect(await reseal(db, vault, allBrands, sealedAccountColumns, 1)).toEqual({ resealed: 0, unreadable: 1 });
    const after = await rows('select secret_key, webhook_secret from billing_accounts order by brand_id');
    expect(after.map((row) => versionOf(row['secret_key']!))).toEqual([3, 1, 3]);
    expect(after.map((row) => versionOf(row['webhook_secret']!))).toEqual([3, 3, 3]);
  });
});
