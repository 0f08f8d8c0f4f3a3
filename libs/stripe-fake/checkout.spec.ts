import Stripe from 'stripe';
import { StripeFake } from './index';

const key = 'sk_test_shop';
const start = new Date('2026-11-01T12:00:00Z');
const seconds = (at: string): number => Date.parse(at) / 1000;

let fake: StripeFake;
let stripe: Stripe;

beforeEach(async () => {
  fake = await StripeFake.start({ now: start });
  stripe = new Stripe(key, { host: '127.0.0.1', port: new URL(fake.url).port, protocol: 'http', maxNetworkRetries: 0 });
});

afterEach(() => fake.stop());

const open = (params: Partial<Stripe.Checkout.SessionCreateParams> = {}, options: Stripe.RequestOptions = {}) =>
  stripe.checkout.sessions.create(
    {
      mode: 'subscription',
      line_items: [{ price: 'price_monthly', quantity: 3 }],
      success_url: 'https://shop.example/thanks?session={CHECKOUT_SESSION_ID}',
      cancel_url: 'https://shop.example/cart',
      ...params,
    },
    options,
  );

const typesOfEvents = (): string[] => fake.account(key).events.map(({ type }) => type);

describe('a checkout', () => {
  it('is open, and has a page on the fake', async () => {
    const session = await open({ customer_email: 'jane@example.com', metadata: { brand: 'demo' }, client_reference_id: 'cart_7' });
    expect(session).toMatchObject({
      object: 'checkout.session',
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 3000,
      currency: 'usd',
      customer: null,
      customer_email: 'jane@example.com',
      client_reference_id: 'cart_7',
      metadata: { brand: 'demo' },
      url: `${fake.url}/pay/${session.id}`,
    });
    expect(typesOfEvents()).toEqual(['product.created', 'price.created']);
  });

  it('becomes a subscription with a paid invoice', async () => {
    const { id } = await open({ customer_email: 'jane@example.com', subscription_data: { metadata: { license: 'lic_1' } } });
    await fake.account(key).pay(id);

    expect(typesOfEvents().slice(2)).toEqual([
      'customer.created',
      'payment_method.attached',
      'customer.updated',
      'customer.subscription.created',
      'invoice.created',
      'invoice.finalized',
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice.paid',
      'invoice.payment_succeeded',
      'invoice_payment.paid',
      'customer.subscription.updated',
      'checkout.session.completed',
    ]);
    const session = await stripe.checkout.sessions.retrieve(id, {
      expand: ['subscription.latest_invoice.payments', 'line_items', 'customer'],
    });
    expect(session).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      customer_details: { email: 'jane@example.com' },
    });
    expect((session.customer as Stripe.Customer).email).toBe('jane@example.com');
    expect(session.line_items!.data).toMatchObject([{ quantity: 3, price: { id: 'price_monthly', unit_amount: 1000 } }]);

    const subscription = session.subscription as Stripe.Subscription;
    const period = { current_period_start: seconds('2026-11-01T12:00:02Z'), current_period_end: seconds('2026-12-01T12:00:02Z') };
    expect(subscription).toMatchObject({ status: 'active', metadata: { license: 'lic_1' }, items: { data: [{ quantity: 3, ...period }] } });
    expect(subscription).not.toHaveProperty('current_period_end');

    const invoice = subscription.latest_invoice as Stripe.Invoice;
    expect(invoice).toMatchObject({
      id: session.invoice,
      status: 'paid',
      billing_reason: 'subscription_create',
      amount_paid: 3000,
      parent: { type: 'subscription_details', subscription_details: { subscription: subscription.id, metadata: { license: 'lic_1' } } },
      lines: { data: [{ amount: 3000, period: { start: period.current_period_start, end: period.current_period_end } }] },
    });
    expect(invoice).not.toHaveProperty('subscription');
    expect(invoice).not.toHaveProperty('charge');
    const [payment] = invoice.payments!.data;
    const intent = await stripe.paymentIntents.retrieve(payment!.payment.payment_intent as string, { expand: ['latest_charge'] });
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 3000, latest_charge: { paid: true, disputed: false } });
    expect(intent.latest_charge).not.toHaveProperty('invoice');
  });

  it('is first incomplete, then active, as an event sees it', async () => {
    const { id } = await open();
    await fake.account(key).pay(id);
    const of = (type: string) => fake.account(key).events.find((event) => event.type === type)!;
    expect(of('customer.subscription.created').data.object.status).toBe('incomplete');
    expect(of('customer.subscription.updated').data).toMatchObject({
      object: { status: 'active' },
      previous_attributes: { status: 'incomplete' },
    });
  });

  it('of a trial costs nothing today, and its invoice covers the trial', async () => {
    const { id, amount_total } = await open({ subscription_data: { trial_period_days: 14 } });
    expect(amount_total).toBe(0);
    await fake.account(key).pay(id);

    const session = await stripe.checkout.sessions.retrieve(id, { expand: ['subscription', 'invoice'] });
    const end = seconds('2026-11-15T12:00:02Z');
    expect(session).toMatchObject({
      payment_status: 'no_payment_required',
      subscription: { status: 'trialing', trial_end: end, items: { data: [{ current_period_end: end }] } },
      invoice: { status: 'paid', total: 0, amount_paid: 0, lines: { data: [{ amount: 0, period: { end } }] } },
    });
    expect(typesOfEvents()).not.toContain('charge.succeeded');
    expect(typesOfEvents()).toContain('invoice.paid');
  });

  it('paid once keeps the buyer a guest, unless the shop asks for a customer', async () => {
    const once = {
      mode: 'payment',
      line_items: [{ price: 'price_lifetime', quantity: 1 }],
    } satisfies Partial<Stripe.Checkout.SessionCreateParams>;
    const guest = await open({ ...once, payment_intent_data: { metadata: { plan: 'lifetime' } } });
    const kept = await open({ ...once, customer_creation: 'always' });
    for (const { id } of [guest, kept]) await fake.account(key).pay(id, { email: 'john@example.com', name: 'John' });

    const ofGuest = await stripe.checkout.sessions.retrieve(guest.id, { expand: ['payment_intent.latest_charge'] });
    expect(ofGuest).toMatchObject({
      customer: null,
      subscription: null,
      invoice: null,
      payment_status: 'paid',
      customer_details: { email: 'john@example.com', name: 'John' },
      payment_intent: { metadata: { plan: 'lifetime' }, customer: null, latest_charge: { billing_details: { email: 'john@example.com' } } },
    });
    const ofKept = await stripe.checkout.sessions.retrieve(kept.id, { expand: ['customer'] });
    expect(ofKept.customer).toMatchObject({ email: 'john@example.com', name: 'John' });
    expect([...fake.account(key).customers]).toHaveLength(1);
  });

  it('stays open when the card is declined, and takes another card', async () => {
    const { id } = await open();
    await fake.account(key).pay(id, { card: 'declined' });
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'open', payment_status: 'unpaid' });
    expect(typesOfEvents().slice(2)).toEqual(['payment_intent.created', 'charge.failed', 'payment_intent.payment_failed']);
    expect(fake.account(key).subscriptions.size).toBe(0);

    await fake.account(key).pay(id);
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'complete', payment_status: 'paid' });
    expect(fake.account(key).paymentIntents.size).toBe(1);
    await expect(fake.account(key).pay(id)).rejects.toThrow('complete');
  });

  it('lets a present buyer answer his bank', async () => {
    const { id } = await open();
    await fake.account(key).pay(id, { card: 'needs_action' });
    expect(typesOfEvents()).toContain('payment_intent.requires_action');
    expect([...fake.account(key).subscriptions.values()][0]!.status).toBe('active');
  });

  it('expires after a day, or when the shop wants it', async () => {
    const [slow, given] = [await open(), await open()];
    await stripe.checkout.sessions.expire(given.id);
    await fake.advance({ days: 1.1 });
    for (const { id } of [slow, given]) expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'expired', url: null });
    expect(typesOfEvents().filter((type) => type === 'checkout.session.expired')).toHaveLength(2);
    await expect(fake.account(key).pay(slow.id)).rejects.toThrow('expired');
  });

  it('takes a known customer, and prices of any kind', async () => {
    const customer = await stripe.customers.create({ email: 'known@example.com' });
    const { id } = await open({
      customer: customer.id,
      line_items: [
        {
          price_data: { currency: 'eur', unit_amount: 700, recurring: { interval: 'year' }, product_data: { name: 'Yearly' } },
          quantity: 1,
        },
        { price_data: { currency: 'eur', unit_amount: 500, product_data: { name: 'Set-up' } }, quantity: 1 },
      ],
    });
    await fake.account(key).pay(id);
    const session = await stripe.checkout.sessions.retrieve(id, { expand: ['subscription', 'invoice'] });
    expect(session).toMatchObject({ customer: customer.id, amount_total: 1200, currency: 'eur' });
    expect((session.subscription as Stripe.Subscription).items.data).toHaveLength(1);
    expect((session.invoice as Stripe.Invoice).lines.data.map(({ amount }) => amount)).toEqual([500, 700]);
  });

  it.each([
    ['an unknown parameter', { payment_method_types: ['card'] }, 'parameter_unknown', 'payment_method_types'],
    ['an unknown customer', { customer: 'cus_none' }, 'resource_missing', 'customer'],
    ['an address that no browser should follow', { success_url: 'javascript:alert(1)' }, 'url_invalid', 'success_url'],
    ['a bad e-mail', { customer_email: 'jane' }, 'email_invalid', 'customer_email'],
    ['no lines', { line_items: [] }, 'parameter_missing', 'line_items'],
    ['a line without quantity', { line_items: [{ price: 'price_a' }] }, 'parameter_missing', 'line_items[0][quantity]'],
    ['what belongs to the other mode', { payment_intent_data: { description: 'x' } }, undefined, 'payment_intent_data'],
  ])('is refused with %s', async (_, params, code, param) => {
    const refusal = await open(params as any).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(refusal).toMatchObject({ statusCode: 400, code, param });
  });

  it('of a recurring price is refused where something is paid once', async () => {
    const price = fake.account(key).createPrice({ amount: 500 });
    await expect(open({ mode: 'payment', line_items: [{ price, quantity: 1 }] })).rejects.toMatchObject({ statusCode: 400 });
    const once = fake.account(key).createPrice({ amount: 500, interval: null });
    await expect(open({ line_items: [{ price: once, quantity: 1 }] })).rejects.toMatchObject({ statusCode: 400 });
  });
});
