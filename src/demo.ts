import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { runAs } from '../libs/persistence/provenance';
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
}

/** A demo brand with two products and a licensed customer; null when there is a brand already. */
export function seedDemo(app: INestApplicationContext): Promise<Demo | null> {
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
    return { brand: brand.slug, products: [pro.code, addOn.code], internalKey: internal.secret, brandKey: server.secret, licenseKey: key! };
  });
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
`;
}
