import type { Call, Route } from './call';
import { priceFor } from '../life/catalogue';
import { finalizeInvoice, voidInvoice } from '../life/invoicing';
import { page, where } from './listing';
import type { FakeSubscription } from '../objects/objects';
import type { Params } from './params';
import { changeSubscription, type SubscriptionChange } from '../life/subscription-changes';
import { retryInvoice } from '../life/renewals';
import { startSubscription } from '../life/start-subscription';
import { endSubscription, isOver, periodOf } from '../life/subscriptions';
import { ApiError, noSuch } from '../objects/api-error';

const found = ({ ledger, id }: Call): FakeSubscription => ledger.get(ledger.subscriptions, id);

const create = ({ ledger, params }: Call): FakeSubscription => {
  const customer = ledger.get(ledger.customers, params.needed('customer'), 'customer');
  const items = params
    .groups('items')
    .map((item) => ({ price: priceFor(ledger, item.needed('price'), 'subscription'), quantity: item.integer('quantity') ?? 1 }));
  if (items.length === 0) throw params.missing('items');
  const trialDays = params.integer('trial_period_days') ?? 0;
  return startSubscription(ledger, { customer, items, trialDays, metadata: params.metadata(), present: false });
};

const update = (call: Call): FakeSubscription => {
  const subscription = found(call);
  changeSubscription(call.ledger, subscription, changeOf(call, subscription));
  return subscription;
};

function changeOf({ ledger, params }: Call, subscription: FakeSubscription): SubscriptionChange {
  const items = params.groups('items').map((item) => {
    const id = item.text('id');
    if (id !== undefined && !subscription.items.data.some((each) => each.id === id)) throw item.noSuch('subscription_item', 'id', id);
    if (id === undefined) throw item.missing('id');
    const price = item.text('price');
    return { id, quantity: item.integer('quantity'), price: price === undefined ? undefined : priceFor(ledger, price, 'subscription') };
  });
  const trialEnd = params.text('trial_end');
  return {
    ...(items.length > 0 && { items }),
    cancelAtPeriodEnd: params.flag('cancel_at_period_end'),
    cancelAt: cancelAtOf(params, subscription),
    pause: pauseOf(params),
    metadata: params.has('metadata') ? params.metadata(subscription.metadata) : undefined,
    description: params.text('description'),
    trialEnd: trialEnd === 'now' ? 'now' : params.integer('trial_end'),
    proration: params.one('proration_behavior', ['create_prorations', 'always_invoice', 'none'] as const),
  };
}

function cancelAtOf(params: Params, subscription: FakeSubscription): number | null | undefined {
  const text = params.text('cancel_at');
  if (text === '') return null;
  return text === 'min_period_end' || text === 'max_period_end' ? periodOf(subscription).end : params.integer('cancel_at');
}

function pauseOf(params: Params): SubscriptionChange['pause'] {
  if (!params.has('pause_collection')) return undefined;
  if (params.values.pause_collection === '') return null;
  const pause = params.group('pause_collection');
  const behavior = pause.one('behavior', ['void', 'keep_as_draft', 'mark_uncollectible'] as const);
  if (!behavior) throw pause.missing('behavior');
  return { behavior, resumes_at: pause.integer('resumes_at') ?? null };
}

/** Without a status the API hides what is canceled. */
const withStatus = (status: string | undefined) => (each: FakeSubscription) =>
  status === 'all' || (status === 'ended' ? isOver(each) : status === undefined ? each.status !== 'canceled' : each.status === status);

const payable = (call: Call) => {
  const invoice = call.ledger.get(call.ledger.invoices, call.id);
  if (invoice.status === 'draft') finalizeInvoice(call.ledger, invoice);
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') throw new ApiError(400, `Invoice is already ${invoice.status}`);
  return invoice;
};

export const subscriptionRoutes: Route[] = [
  ['POST', '/subscriptions', create],
  ['GET', '/subscriptions/:id', found],
  ['POST', '/subscriptions/:id', update],
  [
    'DELETE',
    '/subscriptions/:id',
    (call) => {
      const subscription = found(call);
      if (isOver(subscription)) throw noSuch('sub', call.id);
      endSubscription(call.ledger, subscription);
      return subscription;
    },
  ],
  [
    'GET',
    '/subscriptions',
    ({ ledger, params }) => {
      const price = params.text('price');
      const ofCustomer = where(ledger.subscriptions.values(), params.text('customer'), ({ customer }) => customer);
      const priced = ofCustomer.filter(({ items }) => price === undefined || items.data.some((item) => item.price.id === price));
      return page(priced.filter(withStatus(params.text('status'))), params, '/v1/subscriptions');
    },
  ],
  ['GET', '/invoices/:id', ({ ledger, id }) => ledger.get(ledger.invoices, id)],
  [
    'GET',
    '/invoices',
    ({ ledger, params }) => {
      const ofCustomer = where(ledger.invoices.values(), params.text('customer'), ({ customer }) => customer);
      const ofSubscription = where(ofCustomer, params.text('subscription'), ({ parent }) => parent?.subscription_details.subscription);
      return page(
        where(ofSubscription, params.text('status'), ({ status }) => status),
        params,
        '/v1/invoices',
      );
    },
  ],
  ['GET', '/invoices/:id/lines', ({ ledger, id }) => ledger.get(ledger.invoices, id).lines],
  [
    'POST',
    '/invoices/:id/pay',
    (call) => {
      const invoice = payable(call);
      retryInvoice(call.ledger, invoice, true);
      if (invoice.status === 'paid') return invoice;
      throw new ApiError(402, 'Your card was declined.', { type: 'card_error', code: 'card_declined' });
    },
  ],
  [
    'POST',
    '/invoices/:id/void',
    ({ ledger, id }) => {
      const invoice = ledger.get(ledger.invoices, id);
      voidInvoice(ledger, invoice);
      return invoice;
    },
  ],
  [
    'GET',
    '/invoice_payments',
    ({ ledger, params }) => {
      const ofInvoice = where(ledger.invoicePayments.values(), params.text('invoice'), ({ invoice }) => invoice);
      const intent = params.group('payment').text('payment_intent');
      const ofIntent = where(ofInvoice, intent, ({ payment }) => payment.payment_intent);
      return page(
        where(ofIntent, params.text('status'), ({ status }) => status),
        params,
        '/v1/invoice_payments',
      );
    },
  ],
  ['GET', '/invoice_payments/:id', ({ ledger, id }) => ledger.get(ledger.invoicePayments, id)],
];
