import { ApiError } from '../objects/api-error';
import type { Call, Route } from './call';
import { addPrice, priceFor } from '../life/catalogue';
import { amountOf, expireCheckout, openCheckout } from '../life/checkout';
import type { Ledger } from '../life/ledger';
import { page, where } from './listing';
import { makeLineItem, makePortalSession } from '../objects/make-checkout';
import type { FakeLineItem, FakeSession } from '../objects/objects';
import { listOf } from '../objects/objects';
import type { Params } from './params';

/** Everything that a checkout may be asked for, by the reference of the API. */
const known = (
  'adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types automatic_tax billing_address_collection ' +
  'branding_settings cancel_url client_reference_id consent_collection currency custom_fields custom_text customer customer_account ' +
  'customer_creation customer_email customer_update discounts excluded_payment_method_types expand expires_at integration_identifier ' +
  'invoice_creation line_items locale managed_payments metadata mode name_collection optional_items origin_context payment_intent_data ' +
  'payment_method_collection payment_method_configuration payment_method_data payment_method_options permissions ' +
  'phone_number_collection redirect_on_completion return_url saved_payment_method_options setup_intent_data shipping_address_collection ' +
  'shipping_options submit_type subscription_data success_url tax_id_collection ui_mode wallet_options'
).split(' ');

const create = ({ ledger, params }: Call): FakeSession => {
  params.only(known);
  const mode = params.one('mode', ['subscription', 'payment'] as const);
  if (!mode) throw params.missing('mode');
  const successUrl = params.address('success_url');
  if (!successUrl) throw params.missing('success_url');
  refuseForeign(params, mode);
  const customer = customerOf(ledger, params);
  const lines = linesOf(ledger, params, mode);
  const subscription = params.group('subscription_data');
  const payment = params.group('payment_intent_data');
  const trialDays = subscription.integer('trial_period_days') ?? 0;
  const terms = {
    mode,
    amount: amountOf(lines, trialDays),
    currency: lines[0]!.currency,
    successUrl,
    cancelUrl: params.address('cancel_url') ?? null,
    customer,
    customerEmail: emailOf(params),
    customerCreation: customer === null ? creationOf(params, mode) : null,
    clientReferenceId: params.text('client_reference_id') ?? null,
    metadata: params.metadata(),
    expiresAt: params.integer('expires_at') ?? null,
    locale: params.text('locale') ?? null,
    promotionCodes: params.flag('allow_promotion_codes') ?? null,
  } as const;
  const data = mode === 'subscription' ? subscription : payment;
  return openCheckout(ledger, terms, { lines, metadata: data.metadata(), description: data.text('description') ?? null, trialDays });
};

const creationOf = (params: Params, mode: FakeSession['mode']): 'always' | 'if_required' =>
  params.one('customer_creation', ['always', 'if_required'] as const) ?? (mode === 'payment' ? 'if_required' : 'always');

function refuseForeign(params: Params, mode: FakeSession['mode']): void {
  const foreign = mode === 'subscription' ? 'payment_intent_data' : 'subscription_data';
  if (params.has(foreign)) throw params.wrong(foreign, `You can not pass \`${foreign}\` in \`${mode}\` mode.`);
  if (mode === 'subscription' && params.has('customer_creation')) {
    throw params.wrong('customer_creation', '`customer_creation` can only be used in `payment` and `setup` mode.');
  }
}

function customerOf(ledger: Ledger, params: Params): string | null {
  const id = params.text('customer');
  if (id === undefined) return null;
  if (params.has('customer_email'))
    throw params.wrong('customer', 'You may only specify one of these parameters: customer, customer_email.');
  if (!ledger.customers.has(id) || ledger.deletedCustomers.has(id)) throw params.noSuch('cus', 'customer', id);
  return id;
}

function emailOf(params: Params): string | null {
  const email = params.text('customer_email');
  if (email !== undefined && !/^[^\s@]+@[^\s@]+$/.test(email))
    throw params.wrong('customer_email', `Invalid email address: ${email}`, 'email_invalid');
  return email ?? null;
}

function linesOf(ledger: Ledger, params: Params, mode: FakeSession['mode']): FakeLineItem[] {
  const lines = params.groups('line_items').map((line) => {
    const price = line.has('price_data') ? madeUp(ledger, line.group('price_data')) : priceFor(ledger, line.needed('price'), mode);
    if (mode === 'payment' && price.recurring) {
      const message =
        'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.';
      throw new ApiError(400, message, { param: 'line_items' });
    }
    const quantity = line.integer('quantity');
    if (quantity === undefined) throw line.missing('quantity');
    if (quantity < 1) throw line.wrong('quantity', 'This value must be greater than or equal to 1.', 'parameter_invalid_integer');
    const product = ledger.products.get(price.product);
    return makeLineItem(price, quantity, price.nickname ?? product?.name ?? price.id, adjustableOf(line));
  });
  if (lines.length === 0) throw params.missing('line_items');
  if (mode === 'subscription' && !lines.some(({ price }) => price.recurring)) {
    throw new ApiError(400, 'You must provide at least one recurring price in `subscription` mode when using prices.', {
      param: 'line_items',
    });
  }
  return lines;
}

const adjustableOf = (line: Params): FakeLineItem['adjustable_quantity'] => {
  const asked = line.group('adjustable_quantity');
  if (!asked.flag('enabled')) return null;
  return { enabled: true, minimum: asked.integer('minimum') ?? 1, maximum: asked.integer('maximum') ?? 99 };
};

function madeUp(ledger: Ledger, data: Params) {
  const recurring = data.group('recurring');
  const product = data.text('product');
  return addPrice(ledger, {
    ...(product !== undefined && { product }),
    productName: data.group('product_data').text('name') ?? 'Product',
    amount: data.integer('unit_amount') ?? 0,
    currency: data.needed('currency').toLowerCase(),
    interval: recurring.one('interval', ['day', 'week', 'month', 'year'] as const) ?? null,
    intervalCount: recurring.integer('interval_count') ?? 1,
  });
}

const found = ({ ledger, id }: Call): FakeSession => ledger.get(ledger.sessions, id);

export const checkoutRoutes: Route[] = [
  ['POST', '/checkout/sessions', create],
  ['GET', '/checkout/sessions/:id', found],
  [
    'GET',
    '/checkout/sessions',
    ({ ledger, params }) => {
      const filters = ['customer', 'payment_intent', 'subscription', 'status'] as const;
      const all = filters.reduce((left, name) => where(left, params.text(name), (each) => each[name]), [...ledger.sessions.values()]);
      return page(all, params, '/v1/checkout/sessions');
    },
  ],
  [
    'GET',
    '/checkout/sessions/:id/line_items',
    (call) => listOf(call.ledger.checkouts.get(found(call).id)!.lines, `/v1/checkout/sessions/${call.id}/line_items`),
  ],
  [
    'POST',
    '/checkout/sessions/:id/expire',
    (call) => {
      expireCheckout(call.ledger, found(call));
      return found(call);
    },
  ],
  [
    'POST',
    '/billing_portal/sessions',
    ({ ledger, params }) => {
      const id = params.needed('customer');
      if (!ledger.customers.has(id) || ledger.deletedCustomers.has(id)) throw params.noSuch('cus', 'customer', id);
      const back = params.address('return_url') ?? null;
      return ledger.add(ledger.portalSessions, makePortalSession(ledger.now(), ledger.url, id, back));
    },
  ],
];
