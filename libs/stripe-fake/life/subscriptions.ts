import { draftInvoice, restInvoice, voidInvoice } from './invoicing';
import type { Ledger } from './ledger';
import { type LineTerms, makeLine } from '../objects/make-invoice';
import type { Period } from '../objects/make-subscription';
import type { Card, FakeInvoice, FakeLine, FakeSubscription } from '../objects/objects';

export const periodOf = (subscription: FakeSubscription): Period => {
  const item = subscription.items.data[0]!;
  return { start: item.current_period_start, end: item.current_period_end };
};

export const cardOf = (ledger: Ledger, customer: string): Card => ledger.cards.get(customer) ?? 'good';

export const isOver = ({ status }: FakeSubscription): boolean => status === 'canceled' || status === 'incomplete_expired';

/** What a period of every item costs; a trial costs nothing. */
export function linesOf(subscription: FakeSubscription): FakeLine[] {
  const period = periodOf(subscription);
  const free = subscription.status === 'trialing';
  return subscription.items.data.map((item) => {
    const terms: LineTerms = { ...item, period, subscription: subscription.id, item: item.id, metadata: { ...subscription.metadata } };
    return makeLine(free ? { ...terms, amount: 0, description: `Trial period for ${item.price.nickname ?? item.price.product}` } : terms);
  });
}

/** An invoice for the lines, and for what waited for one. */
export function bill(
  ledger: Ledger,
  subscription: FakeSubscription,
  reason: FakeInvoice['billing_reason'],
  lines: FakeLine[],
  period: Period,
  finalizesAt: number | null,
): FakeInvoice {
  const customer = ledger.get(ledger.customers, subscription.customer);
  const waiting = ledger.prorations.get(subscription.id) ?? [];
  ledger.prorations.delete(subscription.id);
  const all = [...waiting, ...lines];
  return draftInvoice(ledger, { customer, subscription, reason, lines: all, period, currency: subscription.currency, finalizesAt });
}

export function subscriptionOf(ledger: Ledger, invoice: FakeInvoice): FakeSubscription | null {
  const id = invoice.parent?.subscription_details.subscription;
  return id === undefined ? null : ledger.get(ledger.subscriptions, id);
}

export const invoicesOf = (ledger: Ledger, { id }: FakeSubscription): FakeInvoice[] =>
  [...ledger.invoices.values()].filter(({ parent }) => parent?.subscription_details.subscription === id);

export function endSubscription(
  ledger: Ledger,
  subscription: FakeSubscription,
  reason: 'cancellation_requested' | 'payment_failed' = 'cancellation_requested',
): void {
  for (const invoice of invoicesOf(ledger, subscription)) {
    if (invoice.status === 'draft' || invoice.status === 'open') restInvoice(ledger, invoice);
  }
  ledger.prorations.delete(subscription.id);
  const now = ledger.now();
  ledger.alter(subscription, {
    status: 'canceled',
    ended_at: now,
    canceled_at: subscription.canceled_at ?? now,
    cancel_at_period_end: false,
    pause_collection: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason },
  });
  ledger.tell('customer.subscription.deleted', subscription);
}

/** The first payment never came. */
export function expireSubscription(ledger: Ledger, subscription: FakeSubscription): void {
  for (const invoice of invoicesOf(ledger, subscription)) if (invoice.status === 'open') voidInvoice(ledger, invoice);
  ledger.change(subscription, { status: 'incomplete_expired', ended_at: ledger.now() }, 'customer.subscription.updated');
}
