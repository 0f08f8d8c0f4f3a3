import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { BrandId } from '../libs/kernel/brand-id';
import { runAs } from '../libs/persistence/provenance';
import { CreatePlan, SetBillingAccount, StripeAddress } from './billing';
import { CreateBrand, CreateProduct, ListBrands } from './brands';
import { allBrands, defaultScopes, IssueApiKey } from './identity';
import { ProvisionLicenses } from './licenses';

/** What a first visitor needs to try everything. The secrets exist only here. */
export interface Demo {
  readonly brand: string;
  readonly products: readonly string[];
  readonly internalKey: string;
  readonly brandKey: string;
  readonly licenseKey: string;
  readonly plans: readonly string[];
  /** Where they can be bought without money; null: nowhere. */
  readonly stripe: string | null;
}

/** A demo brand with two products, three plans and a licensed customer; null when there is a brand already. @param url of the service */
export function seedDemo(app: INestApplicationContext, url: string): Promise<Demo | null> {
  return runAs({ requestId: null, actor: 'demo seed' }, async () => {
    const commands = app.get(CommandBus);
    const { items } = await app.get(QueryBus).execute(new ListBrands(allBrands, { limit: 1, after: null }));
    if (items.length > 0) return null;

    const brand = await commands.execute(new CreateBrand(allBrands, { slug: 'demo', name: 'Demo Brand', keyPrefix: 'DEMO' }));
    const pro = { code: 'seo_pro', name: 'SEO Pro', seatLimit: 3, graceDays: 7, entitlements: { updates: true } };
    const addOn = { code: 'content_ai', name: 'Content AI', seatLimit: 1, entitlements: { credits: 5000 } };
    await commands.execute(new CreateProduct(brand.id, pro));
    await commands.execute(new CreateProduct(brand.id, addOn));
    const name = 'demo';
    const internal = await commands.execute(new IssueApiKey(allBrands, { name, scopes: ['*'], expiresAt: null }, ['*']));
    const server = await commands.execute(new IssueApiKey(brand.id, { name, scopes: defaultScopes, expiresAt: null }, ['*']));
    const grants = [{ productCode: pro.code }, { productCode: addOn.code }];
    const { key } = await commands.execute(new ProvisionLicenses(brand.id, 'jane@example.com', null, grants));
    const { fakeUrl: stripe } = app.get(StripeAddress);
    const plans = stripe === null ? [] : await seedPlans(commands, brand.id, pro.code, addOn.code);
    if (stripe !== null) await seedAccount(commands, brand.id, [url, stripe]);
    const secrets = { internalKey: internal.secret, brandKey: server.secret, licenseKey: key! };
    return { brand: brand.slug, products: [pro.code, addOn.code], ...secrets, plans, stripe };
  });
}

/** At prices that the fake Stripe has. */
async function seedPlans(commands: CommandBus, brandId: BrandId, product: string, addOn: string): Promise<string[]> {
  const grants = [{ productCode: product, seats: 3, entitlements: null }];
  const price = (amount: number) => ({ amount, currency: 'usd' });
  const plans = [
    { code: 'pro_monthly', name: 'SEO Pro, monthly', interval: 'month', stripePriceId: 'price_demo_monthly', price: price(1_000), grants },
    { code: 'pro_yearly', name: 'SEO Pro, yearly', interval: 'year', stripePriceId: 'price_demo_yearly', price: price(9_900), grants },
    {
      code: 'pro_lifetime',
      name: 'Everything, for life',
      interval: 'lifetime',
      stripePriceId: 'price_demo_lifetime',
      price: price(24_900),
      grants: [...grants, { productCode: addOn, seats: 1, entitlements: null }],
    },
  ] as const;
  for (const plan of plans) await commands.execute(new CreatePlan(brandId, plan));
  return plans.map(({ code }) => code);
}

/** With the keys that the fake Stripe starts with. */
async function seedAccount(commands: CommandBus, brandId: BrandId, urls: readonly string[]): Promise<void> {
  const keys = { secretKey: 'sk_test_latchkey_fake', publishableKey: 'pk_test_latchkey_fake', webhookSecret: 'whsec_latchkey_fake' };
  const hosts = ['localhost:3000', 'localhost:4242', ...urls.map((url) => new URL(url).host)];
  await commands.execute(new SetBillingAccount(brandId, { ...keys, allowedHosts: [...new Set(hosts)] }, 0));
}

/** The demo as lines to copy: what there is, and a call of each kind. */
export function demoText(demo: Demo, url: string, docs: boolean): string {
  const [product] = demo.products;
  const body = (fields: object) => `-d '${JSON.stringify(fields)}'`;
  const seat = { license_key: demo.licenseKey, product_code: product, instance_id: 'https://shop.example' };
  const post = (path: string, fields: object) => `curl ${url}${path} -H 'Content-Type: application/json' ${body(fields)}`;
  const provision = { customer_email: 'john@example.com', licenses: [{ product_code: product }] };
  return `A demo brand was made. These secrets are shown this once:

  address            ${url}${docs ? `\n  docs               ${url}/docs` : ''}
  internal API key   ${demo.internalKey}
  brand API key      ${demo.brandKey}
  license key        ${demo.licenseKey}

To paste before the lines of the README:
  export URL=${url} BRAND_KEY=${demo.brandKey} INTERNAL_KEY=${demo.internalKey} LICENSE_KEY=${demo.licenseKey}

Activate:
  ${post('/v1/licenses/activate', seat)}
Verify:
  ${post('/v1/licenses/verify', seat)}
Deactivate:
  ${post('/v1/licenses/deactivate', seat)}
Provision:
  ${post(`/v1/brands/${demo.brand}/licenses`, provision)} -H 'X-API-Key: ${demo.brandKey}'
${demo.stripe === null ? '' : `Buy, with a Stripe that takes no money: npm run stripe:fake, and open ${demo.stripe}\n`}`;
}
