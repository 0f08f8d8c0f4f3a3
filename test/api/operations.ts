import { newId, publicId } from '../../libs/kernel/id';
import Stripe from 'stripe';
import { StripeFake } from '../../libs/stripe-fake';
import type { Call } from '../../libs/testing/service';
import { type BrandWorld, ok } from '../../libs/testing/world';
import type { Operation } from './contract';

export interface Input {
  readonly params?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly body?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** How an operation is called, and what it must say to that. */
export type Usage = {
  /** The status of a call as it should be. */
  readonly status: number;
  call(world: Furnished): Input;
  /** Whether what is read of a brand is one thing and no list. */
  readonly single?: true;
  /** Whether others than the caller may keep the answer for a while. */
  readonly cached?: true;
  /** A part of the input that is wrong, and the pointer that has to name it. */
  readonly bad: (Input & { readonly pointer: string }) | 'takes no input';
} & ({ readonly by: 'brand' | 'internal'; readonly scope: string } | { readonly by: 'license_key' | 'anyone' });

/** A brand that has one of everything. */
export interface Furnished extends BrandWorld {
  readonly activationId: string;
  readonly spareKeyId: string;
  readonly endpointId: string;
  readonly planId: string;
  readonly mailId: string;
  readonly purchaseId: string;
}

const stripeAccount = {
  stripe_secret_key: 'sk_test_latchkey_operations',
  publishable_key: 'pk_test_latchkey_operations',
  webhook_secret: 'whsec_latchkey_operations',
  allowed_hosts: ['shop.example'],
};
let stripeCustomer = 'cus_nobody';
let event: Record<string, unknown> = {};

/** As Stripe would send it just now. */
function stripeEvent(): Required<Pick<Input, 'body' | 'headers'>> {
  const payload = JSON.stringify(event);
  const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: stripeAccount.webhook_secret });
  return { body: event, headers: { 'stripe-signature': header } };
}

/** A Stripe for every brand that is furnished: they share an account, which has one customer. */
export async function startStripe(): Promise<StripeFake> {
  const stripe = await StripeFake.start();
  const account = stripe.account(stripeAccount.stripe_secret_key);
  await account.createSubscription({ email: 'jane@example.com', price: 'price_monthly' });
  [stripeCustomer = ''] = [...account.customers.keys()];
  event = { ...account.events.find(({ type }) => type === 'customer.subscription.created')! };
  return stripe;
}

export async function furnish(world: BrandWorld): Promise<Furnished> {
  const { activation } = ok(await world.ask('activate'));
  const spare = await world.issueKey(['api_keys:write']);
  const hook = { url: 'https://shop.example/hooks', event_types: ['license.*'] };
  const endpoint = ok(await world.call({ path: `/v1/brands/${world.slug}/webhook-endpoints`, body: hook }));
  const shop = `/v1/brands/${world.slug}`;
  ok(await world.call({ method: 'PUT', path: `${shop}/billing-account`, body: stripeAccount }));
  const sold = { code: 'monthly', name: 'Monthly', interval: 'month', stripe_price_id: 'price_monthly' };
  const plan = ok(await world.call({ path: `${shop}/plans`, body: { ...sold, grants: [{ product_code: world.product, seats: 3 }] } }));
  const mailId = await aMail(world);
  ok(await world.call({ path: `${shop}/stripe/webhook`, ...stripeEvent() }));
  ok(await world.call({ method: 'PUT', path: `${shop}/stripe-customers/${stripeCustomer}`, body: {} }));
  const [purchase] = ok(await world.call({ path: `${shop}/purchases` })).data;
  return {
    ...world,
    activationId: activation.id,
    spareKeyId: spare.id,
    endpointId: endpoint.id,
    planId: plan.id,
    mailId,
    purchaseId: purchase.id,
  };
}

/** One that waits, for another customer. */
async function aMail(world: BrandWorld): Promise<string> {
  const { license_key } = ok(await world.provision({ customer_email: `ann@${world.slug}.example` }));
  ok(await world.call({ path: `/v1/license-keys/${license_key.id}/resend`, body: {} }));
  return ok(await world.call({ path: `/v1/brands/${world.slug}/mails` })).data[0].id;
}

export function callOf({ method, path }: Operation, { params = {}, query = {}, body, headers }: Input): Call {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]!));
  const search = new URLSearchParams(query).toString();
  return { method, path: search ? `${filled}?${search}` : filled, ...(body && { body }), ...(headers && { headers }) };
}

const brand = ({ slug }: BrandWorld) => ({ params: { brand: slug } });
const product = ({ slug, product }: BrandWorld) => ({ params: { brand: slug, product } });
const license = ({ licenseId }: BrandWorld) => ({ params: { license: licenseId } });
const spareKey = ({ slug, spareKeyId }: Furnished) => ({ params: { brand: slug, id: spareKeyId } });
const endpoint = ({ slug, endpointId }: Furnished) => ({ params: { brand: slug, endpoint: endpointId } });
const mail = ({ slug, mailId }: Furnished) => ({ params: { brand: slug, mail: mailId } });
const plan = ({ slug, planId }: Furnished) => ({ params: { brand: slug, plan: planId } });
const seat = ({ licenseKey, product }: BrandWorld) => ({
  body: { license_key: licenseKey, product_code: product, instance_id: 'site-1' },
});
const nothing = () => ({});

const badLimit = { query: { limit: '101' }, pointer: '?limit' };
const badBrand = { params: { brand: '\0' }, pointer: '{brand}' };
const idOfAnotherKind = publicId('event', newId());
const badLicense = { params: { license: idOfAnotherKind }, pointer: '{license}' };
const badEndpoint = { params: { endpoint: idOfAnotherKind }, pointer: '{endpoint}' };
const badInstance = { body: { instance_id: 7 }, pointer: '/instance_id' };
const probe = { by: 'anyone', status: 200, call: nothing, bad: 'takes no input' } as const;

/** Every operation of the OpenAPI document. One that is missing here fails the suite, and so does one that is here and not there. */
export const operations: Record<string, Usage> = {
  health: probe,
  healthDatabase: probe,
  healthCache: probe,
  ready: probe,
  metrics: probe,

  createBrand: {
    by: 'internal',
    scope: 'brands:write',
    status: 201,
    call: ({ slug }) => ({ body: { slug: `${slug}-too`, name: 'Too', key_prefix: slug.replace('brand-', 'TOO'), metadata: { crm: '7' } } }),
    bad: { body: { key_prefix: 'lower' }, pointer: '/key_prefix' },
  },
  listBrands: { by: 'internal', scope: 'brands:read', status: 200, call: nothing, bad: badLimit },
  getBrand: { by: 'internal', scope: 'brands:read', status: 200, call: brand, bad: badBrand },
  updateBrand: {
    by: 'internal',
    scope: 'brands:write',
    status: 200,
    call: (world) => ({ ...brand(world), body: { name: 'Renamed', metadata: { crm: '8' } } }),
    bad: { body: { status: 'closed' }, pointer: '/status' },
  },

  issueApiKey: {
    by: 'brand',
    scope: 'api_keys:write',
    status: 201,
    call: (world) => ({ ...brand(world), body: { name: 'shop', scopes: ['api_keys:write'], expires_at: '2099-01-01T00:00:00Z' } }),
    bad: { body: { scopes: ['everything'] }, pointer: '/scopes' },
  },
  listApiKeys: { by: 'brand', scope: 'api_keys:read', status: 200, call: brand, bad: badLimit },
  revokeApiKey: {
    by: 'brand',
    scope: 'api_keys:write',
    status: 200,
    call: spareKey,
    bad: { params: { id: idOfAnotherKind }, pointer: '{id}' },
  },
  rotateApiKey: {
    by: 'brand',
    scope: 'api_keys:write',
    status: 200,
    call: (world) => ({ ...spareKey(world), body: { overlap_seconds: 60 } }),
    bad: { body: { overlap_seconds: 604_801 }, pointer: '/overlap_seconds' },
  },

  createProduct: {
    by: 'brand',
    scope: 'products:write',
    status: 201,
    call: (world) => ({
      ...brand(world),
      body: { code: 'lite', name: 'Lite', seat_limit: null, duration_days: null, metadata: { sku: 'L' } },
    }),
    bad: { body: { seat_limit: 0 }, pointer: '/seat_limit' },
  },
  listProducts: { by: 'brand', scope: 'products:read', status: 200, call: brand, bad: badLimit },
  getProduct: {
    by: 'brand',
    scope: 'products:read',
    status: 200,
    call: product,
    bad: { params: { product: '\0' }, pointer: '{product}' },
  },
  updateProduct: {
    by: 'brand',
    scope: 'products:write',
    status: 200,
    call: (world) => ({ ...product(world), body: { name: 'Pro 2', entitlements: { sites: 3 } } }),
    bad: { body: { grace_days: 1.5 }, pointer: '/grace_days' },
  },

  provisionLicenses: {
    by: 'brand',
    scope: 'licenses:write',
    status: 201,
    call: (world) => ({
      ...brand(world),
      body: { customer_email: 'john@example.com', licenses: [{ product_code: world.product, expires_at: null, metadata: { order: '1' } }] },
    }),
    bad: { body: { licenses: [{ product_code: 'pro', expires_at: '2027-02-30T00:00:00Z' }] }, pointer: '/licenses/0/expires_at' },
  },
  findCustomerLicenses: {
    by: 'brand',
    scope: 'licenses:read',
    status: 200,
    call: ({ email }) => ({ query: { email } }),
    bad: { query: { email: 'nobody' }, pointer: '?email' },
  },
  listLicenses: {
    by: 'brand',
    scope: 'licenses:read',
    status: 200,
    call: ({ email, product }) => ({ query: { email, product, status: 'valid', expires_before: '2099-01-01T00:00:00Z' } }),
    bad: { query: { expires_before: 'soon' }, pointer: '?expires_before' },
  },
  getLicense: { by: 'brand', scope: 'licenses:read', status: 200, call: license, bad: badLicense },
  updateLicense: {
    by: 'brand',
    scope: 'licenses:write',
    status: 200,
    call: (world) => ({ ...license(world), body: { seat_limit: 9, entitlements: { sites: 9 }, metadata: { order: '2' } } }),
    bad: { body: { metadata: { order: 2 } }, pointer: '/metadata' },
  },
  setLicenseStatus: {
    by: 'brand',
    scope: 'licenses:write',
    status: 200,
    call: (world) => ({ ...license(world), body: { status: 'suspended', reason: 'chargeback' } }),
    bad: { body: { status: 'expired' }, pointer: '/status' },
  },
  renewLicense: {
    by: 'brand',
    scope: 'licenses:write',
    status: 200,
    call: (world) => ({ ...license(world), body: { extend_days: 365 } }),
    bad: { body: { extend_days: 0 }, pointer: '/extend_days' },
  },
  extendGrace: {
    by: 'brand',
    scope: 'licenses:write',
    status: 200,
    call: (world) => ({ ...license(world), body: { extend_days: 14, reason: 'pays by bank transfer' } }),
    bad: { body: { extend_days: 0 }, pointer: '/extend_days' },
  },
  reissueLicenseKey: {
    by: 'brand',
    scope: 'licenses:write',
    status: 200,
    call: ({ licenseKeyId }) => ({ params: { id: licenseKeyId }, body: { overlap_seconds: 60 } }),
    bad: { body: { overlap_seconds: -1 }, pointer: '/overlap_seconds' },
  },

  activateLicense: {
    by: 'license_key',
    status: 201,
    call: (world) => ({ body: { ...seat(world).body, instance_id: 'site-2', instance_name: 'Shop', metadata: { wp: '6.9' } } }),
    bad: badInstance,
  },
  verifyLicense: { by: 'license_key', status: 200, call: seat, bad: badInstance },
  deactivateInstance: { by: 'license_key', status: 200, call: seat, bad: badInstance },
  listActivations: { by: 'brand', scope: 'licenses:read', status: 200, call: license, bad: badLicense },
  freeSeat: {
    by: 'brand',
    scope: 'licenses:write',
    status: 200,
    call: ({ activationId }) => ({ params: { id: activationId } }),
    bad: { params: { id: idOfAnotherKind }, pointer: '{id}' },
  },

  createWebhookEndpoint: {
    by: 'brand',
    scope: 'webhooks:write',
    status: 201,
    call: (world) => ({
      ...brand(world),
      body: { url: 'https://crm.example:8443/latchkey', event_types: ['license.renewed', 'seat.*'], description: 'CRM' },
    }),
    bad: { body: { url: 'https://10.0.0.1/' }, pointer: '/url' },
  },
  listWebhookEndpoints: { by: 'brand', scope: 'webhooks:read', status: 200, call: brand, bad: badLimit },
  getWebhookEndpoint: { by: 'brand', scope: 'webhooks:read', status: 200, call: endpoint, bad: badEndpoint },
  updateWebhookEndpoint: {
    by: 'brand',
    scope: 'webhooks:write',
    status: 200,
    call: (world) => ({ ...endpoint(world), body: { event_types: ['*'], description: null, status: 'disabled' } }),
    bad: { body: { event_types: ['licence.*'] }, pointer: '/event_types' },
  },
  deleteWebhookEndpoint: { by: 'brand', scope: 'webhooks:write', status: 200, call: endpoint, bad: badEndpoint },
  rotateWebhookSecret: {
    by: 'brand',
    scope: 'webhooks:write',
    status: 200,
    call: (world) => ({ ...endpoint(world), body: { overlap_seconds: 60 } }),
    bad: { body: { overlap_seconds: 604_801 }, pointer: '/overlap_seconds' },
  },
  testWebhookEndpoint: { by: 'brand', scope: 'webhooks:write', status: 202, call: endpoint, bad: badEndpoint },
  listWebhookDeliveries: {
    by: 'brand',
    scope: 'webhooks:read',
    status: 200,
    call: (world) => ({ ...endpoint(world), query: { status: 'failed' } }),
    bad: { query: { status: 'lost' }, pointer: '?status' },
  },
  replayWebhookEvents: {
    by: 'brand',
    scope: 'webhooks:write',
    status: 202,
    call: (world) => ({ ...endpoint(world), body: { since: '2026-01-01T00:00:00Z' } }),
    bad: { body: { until: '2000-01-01T00:00:00Z' }, pointer: '/until' },
  },

  createPlan: {
    by: 'brand',
    scope: 'billing:write',
    status: 201,
    call: (world) => ({
      ...brand(world),
      body: {
        code: 'yearly',
        name: 'Yearly',
        grants: [{ product_code: world.product, seats: null, entitlements: { sites: 3 } }],
        interval: 'year',
        price: { amount: 9900, currency: 'usd' },
      },
    }),
    bad: { body: { trial_days: 731 }, pointer: '/trial_days' },
  },
  listPlans: { by: 'brand', scope: 'billing:read', status: 200, call: brand, bad: badLimit },
  getPlan: { by: 'brand', scope: 'billing:read', status: 200, call: plan, bad: { params: { plan: '\0' }, pointer: '{plan}' } },
  updatePlan: {
    by: 'brand',
    scope: 'billing:write',
    status: 200,
    call: (world) => ({ ...plan(world), body: { stripe_price_id: 'price_dearer', trial_days: 7 } }),
    bad: { body: { grace_days: 366 }, pointer: '/grace_days' },
  },
  listOffers: { by: 'anyone', status: 200, cached: true, call: brand, bad: badBrand },
  getStorefront: { by: 'anyone', status: 200, cached: true, call: brand, bad: badBrand },
  setBillingAccount: {
    by: 'brand',
    scope: 'billing_account:write',
    status: 200,
    call: (world) => ({
      ...brand(world),
      body: { allowed_hosts: ['shop.example', 'localhost:8080'], webhook_secret: 'whsec_latchkey_next' },
    }),
    bad: { body: { stripe_secret_key: 'pk_test_latchkey_operations' }, pointer: '/stripe_secret_key' },
  },
  getBillingAccount: { by: 'brand', scope: 'billing:read', status: 200, single: true, call: brand, bad: badBrand },
  openCheckout: {
    by: 'brand',
    scope: 'billing:write',
    status: 201,
    call: (world) => ({
      ...brand(world),
      body: { plan_code: 'monthly', success_url: 'https://shop.example/thanks', cancel_url: 'https://shop.example/pricing' },
    }),
    bad: { body: { cancel_url: 'http://shop.example/' }, pointer: '/cancel_url' },
  },
  openBillingPortal: {
    by: 'brand',
    scope: 'billing:write',
    status: 201,
    call: (world) => ({ ...brand(world), body: { customer_id: stripeCustomer, return_url: 'https://shop.example/account' } }),
    bad: { body: { return_url: 'shop.example' }, pointer: '/return_url' },
  },
  receiveStripeEvent: { by: 'anyone', status: 200, call: (world) => ({ ...brand(world), ...stripeEvent() }), bad: badBrand },
  listStripeEvents: {
    by: 'brand',
    scope: 'billing:read',
    status: 200,
    call: (world) => ({ ...brand(world), query: { status: 'waiting' } }),
    bad: { query: { status: 'lost' }, pointer: '?status' },
  },
  replayStripeEvent: {
    by: 'brand',
    scope: 'billing:write',
    status: 202,
    call: ({ slug }) => ({ params: { brand: slug, event: String(event.id) } }),
    bad: 'takes no input',
  },
  linkStripeCustomer: {
    by: 'brand',
    scope: 'billing:write',
    status: 200,
    call: ({ slug }) => ({ params: { brand: slug, customer: stripeCustomer }, body: { customer_email: 'boss@example.com' } }),
    bad: { body: { customer_email: 'nobody' }, pointer: '/customer_email' },
  },
  unlinkStripeCustomer: {
    by: 'brand',
    scope: 'billing:write',
    status: 200,
    call: ({ slug }) => ({ params: { brand: slug, customer: stripeCustomer } }),
    bad: 'takes no input',
  },
  listPurchases: {
    by: 'brand',
    scope: 'billing:read',
    status: 200,
    call: (world) => ({ ...brand(world), query: { email: 'jane@example.com', customer: stripeCustomer, status: 'active' } }),
    bad: { query: { status: 'lost' }, pointer: '?status' },
  },
  getPurchase: {
    by: 'brand',
    scope: 'billing:read',
    status: 200,
    call: ({ slug, purchaseId }) => ({ params: { brand: slug, purchase: purchaseId } }),
    bad: { params: { purchase: idOfAnotherKind }, pointer: '{purchase}' },
  },
  listDrift: { by: 'brand', scope: 'billing:read', status: 200, call: nothing, bad: 'takes no input' },
  grantPlan: {
    by: 'brand',
    scope: 'licenses:write',
    status: 201,
    call: (world) => ({
      ...brand(world),
      body: { plan_code: 'monthly', customer_email: 'kim@example.com', quantity: 2, expires_at: '2099-01-01T00:00:00Z', reason: 'a gift' },
    }),
    bad: { body: { expires_at: 'soon' }, pointer: '/expires_at' },
  },

  getMailSettings: { by: 'brand', scope: 'mail:read', status: 200, single: true, call: brand, bad: badBrand },
  setMailSettings: {
    by: 'brand',
    scope: 'mail:write',
    status: 200,
    call: (world) => ({
      ...brand(world),
      body: { sender_name: 'Shop', reply_to: 'help@shop.example', colour: '#aabbcc', support_url: 'https://shop.example/help' },
    }),
    bad: { body: { colour: 'blue' }, pointer: '/colour' },
  },
  listMails: {
    by: 'brand',
    scope: 'mail:read',
    status: 200,
    call: (world) => ({ ...brand(world), query: { status: 'waiting' } }),
    bad: { query: { status: 'lost' }, pointer: '?status' },
  },
  retryMail: { by: 'brand', scope: 'mail:write', status: 202, call: mail, bad: { params: { mail: idOfAnotherKind }, pointer: '{mail}' } },
  resendLicenseKey: {
    by: 'brand',
    scope: 'licenses:write',
    status: 200,
    call: ({ licenseKeyId }) => ({ params: { id: licenseKeyId }, body: { overlap_seconds: 60 } }),
    bad: { body: { overlap_seconds: 604_801 }, pointer: '/overlap_seconds' },
  },

  listAuditLogs: {
    by: 'brand',
    scope: 'audit:read',
    status: 200,
    call: ({ keyId, licenseId }) => ({
      query: {
        actor: keyId,
        action: 'license.*',
        target: licenseId,
        outcome: 'done',
        since: '2020-01-01T00:00:00Z',
        until: '2099-01-01T00:00:00Z',
      },
    }),
    bad: { query: { outcome: 'maybe' }, pointer: '?outcome' },
  },

  listEvents: {
    by: 'brand',
    scope: 'events:read',
    status: 200,
    call: () => ({ query: { type: 'license.*' } }),
    bad: { query: { type: 'License' }, pointer: '?type' },
  },
};
