import { brandScopes } from '../../src/identity';
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
  /** As the brand's system. */
  call(call: Call): Promise<Answer>;
  /** As an operator, over all brands. */
  operate(call: Call): Promise<Answer>;
  /** As the product in the customer's hands; `more` replaces what the body would hold. */
  ask(question: 'activate' | 'verify' | 'deactivate', more?: object): Promise<Answer>;
  /** Gives the customer licenses. */
  provision(body?: object): Promise<Answer>;
  createProduct(body: { code: string } & Record<string, unknown>): Promise<Answer>;
  /** Another API key of the brand, with these scopes. */
  issueKey(scopes: string[]): Promise<{ id: string; secret: string }>;
}

export interface Wanted {
  /** Seats and code of the product. */
  readonly seats?: number | null;
  readonly product?: string;
}

export const everyScope: string[] = [...brandScopes];

export const ok = ({ status, text, body }: Answer): any => {
  if (status >= 300) throw new Error(`${status}: ${text}`);
  return body;
};

let worlds = 0;

/** Makes the brand over HTTP, as an operator and then as the brand itself would. */
export async function createBrandWorld(service: TestService, { seats = 5, product: code = 'pro' }: Wanted = {}): Promise<BrandWorld> {
  const number = ++worlds;
  const [slug, prefix, email] = [`brand-${number}`, `B${number}X`, `jane${number}@example.com`];
  const operate = (call: Call) => service.call({ key: service.internalKey, ...call });
  const brand = ok(await operate({ path: '/v1/brands', body: { slug, name: `Brand ${number}`, key_prefix: prefix } }));
  const issueKey = async (scopes: string[]) =>
    ok(await operate({ path: `/v1/brands/${slug}/api-keys`, body: { name: 'a key of the test', scopes } }));
  const apiKey = await issueKey(everyScope);
  const call = (one: Call) => service.call({ key: apiKey.secret, ...one });
  const createProduct = (body: object) => call({ path: `/v1/brands/${slug}/products`, body: { name: 'Pro', ...body } });
  const provision = (body: object = {}) =>
    call({ path: `/v1/brands/${slug}/licenses`, body: { customer_email: email, licenses: [{ product_code: code }], ...body } });

  const product = ok(await createProduct({ code, seat_limit: seats, grace_days: 7 }));
  const { license_key, licenses } = ok(await provision());
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
    operate,
    provision,
    createProduct,
    issueKey,
    ask: (question, more) => {
      const instance = question === 'verify' ? {} : { instance_id: 'site-1' };
      return service.call({
        path: `/v1/licenses/${question}`,
        body: { license_key: license_key.key, product_code: code, ...instance, ...more },
      });
    },
  };
}
