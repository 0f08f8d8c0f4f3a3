import Stripe from 'stripe';
import { StripeFake } from './index';

const key = 'sk_test_api';

let fake: StripeFake;
let stripe: Stripe;

const client = (secretKey: string, more: Stripe.StripeConfig = {}) =>
  new Stripe(secretKey, { host: '127.0.0.1', port: new URL(fake.url).port, protocol: 'http', maxNetworkRetries: 0, ...more });

beforeEach(async () => {
  fake = await StripeFake.start({ now: new Date('2026-11-01T12:00:00Z') });
  stripe = client(key);
});

afterEach(() => fake.stop());

const checkout = {
  mode: 'subscription',
  line_items: [{ price: 'price_monthly', quantity: 1 }],
  success_url: 'https://shop.example/thanks',
} as const satisfies Stripe.Checkout.SessionCreateParams;

const refusalOf = async (call: Promise<unknown>): Promise<any> => call.then(() => null).catch((error: unknown) => error);

describe('the same request twice', () => {
  it('with one key is done once', async () => {
    const first = await stripe.checkout.sessions.create(checkout, { idempotencyKey: 'once' });
    const again = await stripe.checkout.sessions.create(checkout, { idempotencyKey: 'once' });
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(fake.account(key).sessions.size).toBe(1);
    expect(fake.requests).toEqual(
      [1, 2].map(() => ({ method: 'POST', path: '/v1/checkout/sessions', idempotencyKey: 'once', account: key })),
    );
  });

  it('with one key and another wish is refused', async () => {
    await stripe.checkout.sessions.create(checkout, { idempotencyKey: 'once' });
    const other = { ...checkout, success_url: 'https://shop.example/other' };
    const refusal = await refusalOf(stripe.checkout.sessions.create(other, { idempotencyKey: 'once' }));
    expect(refusal).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
  });

  it('of two accounts is two requests', async () => {
    const first = await stripe.checkout.sessions.create(checkout, { idempotencyKey: 'once' });
    const other = await client('sk_test_other').checkout.sessions.create(checkout, { idempotencyKey: 'once' });
    expect(other.id).not.toBe(first.id);
  });

  it('is done once when the answer to the first was lost', async () => {
    fake.fault = 'lost';
    expect(await refusalOf(stripe.checkout.sessions.create(checkout, { idempotencyKey: 'once' }))).toBeInstanceOf(
      Stripe.errors.StripeConnectionError,
    );
    fake.fault = null;
    await stripe.checkout.sessions.create(checkout, { idempotencyKey: 'once' });
    expect(fake.account(key).sessions.size).toBe(1);
  });
});

describe('a fault', () => {
  it.each([
    ['refuse', Stripe.errors.StripeConnectionError],
    ['hang', Stripe.errors.StripeConnectionError],
    ['error500', Stripe.errors.StripeAPIError],
    ['error429', Stripe.errors.StripeRateLimitError],
    ['malformed', Stripe.errors.StripeAPIError],
  ] as const)('%s looks like one of Stripe, leaves nothing behind, and passes', async (fault, kind) => {
    fake.fault = fault;
    expect(await refusalOf(client(key, { timeout: 300 }).customers.create({ email: 'jane@example.com' }))).toBeInstanceOf(kind);
    fake.fault = null;
    expect((await stripe.customers.list()).data).toEqual([]);
  });
});

describe('an answer', () => {
  it('says when it was given, by the time of the fake, and under which name', async () => {
    const { lastResponse } = await stripe.customers.list();
    expect(lastResponse.headers.date).toBe('Sun, 01 Nov 2026 12:00:00 GMT');
    expect(lastResponse.requestId).toMatch(/^req_/);
  });

  it('has the older shape for a client of that time', async () => {
    const id = await fake.account(key).createSubscription({ email: 'jane@example.com', price: 'price_monthly' });
    const old = client(key, { apiVersion: '2024-06-20' as any });
    expect(await old.subscriptions.retrieve(id)).toHaveProperty('current_period_end');
    expect((await old.invoices.list({ subscription: id })).data[0]).toMatchObject({ subscription: id, paid: true });
    expect(await stripe.subscriptions.retrieve(id)).not.toHaveProperty('current_period_end');
  });

  it('is a refusal to strangers', async () => {
    const refusal = await refusalOf(client('sk_live_real').customers.list());
    expect(refusal).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    expect((await fetch(`${fake.url}/v1/customers`)).status).toBe(401);
  });

  it('is 404 for what is not there, or belongs to another account', async () => {
    const { id } = await client('sk_test_other').customers.create({});
    for (const missing of [id, 'cus_none']) {
      expect(await refusalOf(stripe.customers.retrieve(missing))).toMatchObject({ statusCode: 404, code: 'resource_missing', param: 'id' });
    }
    expect((await fetch(`${fake.url}/v1/unknown`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(404);
  });

  it('is for restricted keys too', async () => {
    expect((await client('rk_test_restricted').customers.create({ email: 'r@example.com' })).email).toBe('r@example.com');
  });
});

describe('a list', () => {
  it('is read page after page, newest first', async () => {
    for (let n = 0; n < 25; n++) await stripe.customers.create({ email: `c${n}@example.com` });
    const first = await stripe.customers.list();
    expect(first).toMatchObject({ object: 'list', has_more: true, url: '/v1/customers' });
    expect(first.data).toHaveLength(10);
    const all = await stripe.customers.list({ limit: 4 }).autoPagingToArray({ limit: 100 });
    expect(all.map(({ email }) => email)).toEqual(Array.from({ length: 25 }, (_, n) => `c${24 - n}@example.com`));
    expect((await stripe.customers.list({ limit: 25 })).has_more).toBe(false);
    const before = await stripe.customers.list({ limit: 3, ending_before: all[5]!.id });
    expect(before.data.map(({ id }) => id)).toEqual(all.slice(2, 5).map(({ id }) => id));
    expect(await refusalOf(stripe.customers.list({ starting_after: 'cus_none' }))).toMatchObject({ code: 'resource_missing' });
    expect(await refusalOf(stripe.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' });
  });

  it('of subscriptions knows status, customer, price and time', async () => {
    const account = fake.account(key);
    const first = await account.createSubscription({ email: 'a@example.com', price: 'price_monthly' });
    await fake.advance({ days: 1 });
    const second = await account.createSubscription({ email: 'b@example.com', price: 'price_yearly' });
    await account.cancelSubscription(first);
    const ids = async (params: Stripe.SubscriptionListParams) => (await stripe.subscriptions.list(params)).data.map(({ id }) => id);
    expect(await ids({})).toEqual([second]);
    expect(await ids({ status: 'all' })).toEqual([second, first]);
    expect(await ids({ status: 'canceled' })).toEqual([first]);
    expect(await ids({ price: 'price_yearly', status: 'all' })).toEqual([second]);
    expect(await ids({ customer: account.subscriptions.get(first)!.customer, status: 'all' })).toEqual([first]);
    expect(await ids({ status: 'all', created: { gte: account.subscriptions.get(second)!.created } })).toEqual([second]);
  });

  it('of payments leads from an invoice to its charge and back', async () => {
    const account = fake.account(key);
    const subscription = await account.createSubscription({ email: 'a@example.com', price: 'price_monthly' });
    const [invoice] = (await stripe.invoices.list({ subscription, status: 'paid' })).data;
    const [payment] = (await stripe.invoicePayments.list({ invoice: invoice!.id })).data;
    const payment_intent = payment!.payment.payment_intent as string;
    const [back] = (await stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent } })).data;
    expect(back!.invoice).toBe(invoice!.id);
    const [charge] = (await stripe.charges.list({ payment_intent })).data;
    expect(charge).toMatchObject({ amount: 1000, payment_intent });
    await stripe.refunds.create({ payment_intent, amount: 300, reason: 'requested_by_customer' });
    expect((await stripe.refunds.list({ charge: charge!.id })).data).toMatchObject([{ amount: 300, reason: 'requested_by_customer' }]);
    await account.openDispute(payment_intent);
    const [dispute] = (await stripe.disputes.list({ payment_intent })).data;
    expect(await stripe.disputes.retrieve(dispute!.id)).toMatchObject({ charge: charge!.id, status: 'needs_response' });
  });

  it('of events can be read by type and from a time on', async () => {
    await stripe.customers.create({ email: 'a@example.com' });
    await fake.advance({ days: 1 });
    await stripe.customers.create({ email: 'b@example.com' });
    const { data } = await stripe.events.list({ type: 'customer.created' });
    expect(data.map(({ data: { object } }) => (object as Stripe.Customer).email)).toEqual(['b@example.com', 'a@example.com']);
    expect((await stripe.events.list({ created: { gt: data[1]!.created } })).data).toHaveLength(1);
    expect((await stripe.events.retrieve(data[0]!.id)).request!.id).toMatch(/^req_/);
  });

  it('can show whole objects in its place', async () => {
    await fake.account(key).createSubscription({ email: 'a@example.com', price: 'price_monthly' });
    const { data } = await stripe.subscriptions.list({ expand: ['data.customer', 'data.latest_invoice.payments'] });
    expect(data[0]).toMatchObject({ customer: { email: 'a@example.com' }, latest_invoice: { payments: { data: [{ status: 'paid' }] } } });
    expect(await refusalOf(stripe.subscriptions.list({ expand: ['data.nothing'] }))).toMatchObject({ param: 'expand' });
  });
});

describe('a subscription', () => {
  const begun = async (): Promise<string> => fake.account(key).createSubscription({ email: 'a@example.com', price: 'price_monthly' });

  it('is changed', async () => {
    const id = await begun();
    const { items } = await stripe.subscriptions.retrieve(id);
    const changed = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]!.id, quantity: 4 }],
      metadata: { a: '1', b: '2' },
      proration_behavior: 'always_invoice',
    });
    expect(changed).toMatchObject({ items: { data: [{ quantity: 4 }] }, metadata: { a: '1', b: '2' } });
    expect((await stripe.invoices.retrieve(changed.latest_invoice as string)).billing_reason).toBe('subscription_update');
    expect((await stripe.subscriptions.update(id, { metadata: { a: '' } })).metadata).toEqual({ b: '2' });
    expect(await refusalOf(stripe.subscriptions.update(id, { items: [{ id: 'si_none', quantity: 1 }] }))).toMatchObject({
      code: 'resource_missing',
    });
  });

  it('rests, resumes, and ends when it is told to', async () => {
    const id = await begun();
    expect((await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } })).pause_collection).toMatchObject({
      behavior: 'void',
    });
    expect((await stripe.subscriptions.update(id, { pause_collection: '' })).pause_collection).toBeNull();
    const { cancel_at } = await stripe.subscriptions.update(id, { cancel_at: Math.floor(fake.now.getTime() / 1000) + 86_400 });
    await fake.advance({ days: 2 });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'canceled', ended_at: cancel_at });
    expect(await refusalOf(stripe.subscriptions.update(id, { cancel_at_period_end: true }))).toMatchObject({ statusCode: 400 });
  });

  it('is canceled once', async () => {
    const id = await begun();
    expect((await stripe.subscriptions.cancel(id)).status).toBe('canceled');
    expect(await refusalOf(stripe.subscriptions.cancel(id))).toMatchObject({ statusCode: 404 });
  });

  it('ends its trial early', async () => {
    const id = await fake.account(key).createSubscription({ email: 'a@example.com', price: 'price_monthly', trialDays: 14 });
    const ended = await stripe.subscriptions.update(id, { trial_end: 'now' });
    expect(ended.status).toBe('active');
    expect((await stripe.invoices.retrieve(ended.latest_invoice as string)).amount_paid).toBe(1000);
  });

  it('begins for a customer', async () => {
    const customer = await stripe.customers.create({ email: 'c@example.com' });
    const begun = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_x' }], trial_period_days: 7 });
    expect(begun).toMatchObject({ status: 'trialing', customer: customer.id });
  });
});

describe('a customer', () => {
  it('is changed, found by his address, and deleted with his subscriptions', async () => {
    const { id } = await stripe.customers.create({ email: 'a@example.com', metadata: { brand: 'demo' } });
    expect(await stripe.customers.update(id, { name: 'Jane' })).toMatchObject({ name: 'Jane', metadata: { brand: 'demo' } });
    expect((await stripe.customers.list({ email: 'a@example.com' })).data).toHaveLength(1);
    const subscription = await fake.account(key).createSubscription({ customer: id, email: '', price: 'price_monthly' });
    expect(await stripe.customers.del(id)).toMatchObject({ deleted: true });
    expect(await stripe.customers.retrieve(id)).toEqual(expect.objectContaining({ id, deleted: true }));
    expect((await stripe.subscriptions.retrieve(subscription)).status).toBe('canceled');
    expect((await stripe.customers.list()).data).toEqual([]);
  });

  it('is led to a portal', async () => {
    const { id } = await stripe.customers.create({ email: 'a@example.com' });
    const portal = await stripe.billingPortal.sessions.create({ customer: id, return_url: 'https://shop.example/account' });
    expect(portal).toMatchObject({ customer: id, return_url: 'https://shop.example/account', url: `${fake.url}/portal/${portal.id}` });
    expect(await refusalOf(stripe.billingPortal.sessions.create({ customer: 'cus_none' }))).toMatchObject({ code: 'resource_missing' });
  });
});

it('keeps a catalogue', async () => {
  const product = await stripe.products.create({ name: 'SEO Pro', metadata: { code: 'seo_pro' } });
  const price = await stripe.prices.create({ product: product.id, unit_amount: 900, currency: 'eur', recurring: { interval: 'year' } });
  expect(await stripe.prices.retrieve(price.id)).toMatchObject({ type: 'recurring', unit_amount: 900, recurring: { interval: 'year' } });
  expect((await stripe.prices.list({ product: product.id, active: true })).data).toHaveLength(1);
  expect((await stripe.products.list()).data.map(({ name }) => name)).toEqual(['SEO Pro']);
  expect(await refusalOf(stripe.prices.create({ product: 'prod_none', currency: 'eur' }))).toMatchObject({ code: 'resource_missing' });
});

it('does not run in production', async () => {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    await expect(StripeFake.start()).rejects.toThrow('production');
  } finally {
    process.env.NODE_ENV = before;
  }
});

it('runs along with the real time unless it is told when it is', async () => {
  const running = await StripeFake.start();
  try {
    expect(Math.abs(running.now.getTime() - Date.now())).toBeLessThan(2000);
    await running.advance({ days: 10 });
    expect(Math.abs(running.now.getTime() - Date.now() - 864_000_000)).toBeLessThan(2000);
    expect(running.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  } finally {
    await running.stop();
  }
});
