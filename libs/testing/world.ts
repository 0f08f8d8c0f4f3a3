import type { Answer, Call, TestService } from './service';

/** A brand with a product, a key of its own, and a customer. */
export interface BrandWorld {
  readonly slug: string;
  readonly brandId: string;
  readonly key: string;
  readonly keyId: string;
  readonly product: string;
  readonly productId: string;
  readonly licenseKey: string;
  readonly licenseKeyId: string;
  readonly licenseId: string;
  readonly email: string;
  call(call: Call): Promise<Answer>;
}

const everyScope = ['products:read', 'products:write', 'licenses:read', 'licenses:write', 'api_keys:read', 'api_keys:write'];

export const ok = ({ status, text, body }: Answer): any => {
  if (status >= 300) throw new Error(`${status}: ${text}`);
  return body;
};

let worlds = 0;

/** Makes the brand over HTTP, as an operator and then as the brand itself would. */
export async function createBrandWorld(service: TestService, { seats = 5 }: { seats?: number | null } = {}): Promise<BrandWorld> {
  const number = ++worlds;
  const [slug, prefix, email] = [`brand-${number}`, `B${number}X`, `jane${number}@example.com`];
  const operator = (call: Call) => service.call({ key: service.internalKey, ...call });
  const brand = ok(await operator({ path: '/v1/brands', body: { slug, name: `Brand ${number}`, key_prefix: prefix } }));
  const apiKey = ok(await operator({ path: `/v1/brands/${slug}/api-keys`, body: { name: 'all', scopes: everyScope } }));
  const call = (one: Call) => service.call({ key: apiKey.secret, ...one });
  const product = ok(
    await call({ path: `/v1/brands/${slug}/products`, body: { code: 'pro', name: 'Pro', seat_limit: seats, grace_days: 7 } }),
  );
  const { license_key, licenses } = ok(
    await call({ path: `/v1/brands/${slug}/licenses`, body: { customer_email: email, licenses: [{ product_code: 'pro' }] } }),
  );
  return {
    slug,
    brandId: brand.id,
    key: apiKey.secret,
    keyId: apiKey.id,
    product: product.code,
    productId: product.id,
    licenseKey: license_key.key,
    licenseKeyId: license_key.id,
    licenseId: licenses[0].id,
    email,
    call,
  };
}
