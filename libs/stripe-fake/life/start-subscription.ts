import { makeLine } from '../objects/make-invoice';
import { makeSubscription } from '../objects/make-subscription';
import type { FakeCustomer, FakePaymentIntent, FakePrice, FakeSubscription, Metadata } from '../objects/objects';
import { periodEnd } from './calendar';
import { collectInvoice, finalizeInvoice } from './invoicing';
import type { Ledger } from './ledger';
import { announceTrialEnd } from './renewals';
import { bill, cardOf, linesOf } from './subscriptions';
import { day } from './timeline';

export interface Ordered {
  readonly price: FakePrice;
  readonly quantity: number;
}

export interface Start {
  readonly customer: FakeCustomer;
  readonly items: readonly Ordered[];
  /** Paid once, with the first invoice. */
  readonly once?: readonly Ordered[];
  readonly trialDays: number;
  readonly metadata: Metadata;
  /** The buyer is there and can answer his bank. */
  readonly present: boolean;
  /** The checkout has tried already. */
  readonly intent?: FakePaymentIntent | null;
}

export function startSubscription(ledger: Ledger, start: Start): FakeSubscription {
  const { customer, items, trialDays, metadata } = start;
  const now = ledger.now();
  const trial = trialDays > 0;
  const end = trial ? now + trialDays * day : periodEnd(now, now, items[0]!.price.recurring!);
  const period = { start: now, end };
  const paymentMethod = customer.invoice_settings.default_payment_method;
  const subscription = makeSubscription(now, { customer: customer.id, items, period, trial, paymentMethod, metadata });
  if (!trial) subscription.status = 'incomplete';
  ledger.add(ledger.subscriptions, subscription, 'customer.subscription.created');

  const once = (start.once ?? []).map((ordered) =>
    makeLine({ ...ordered, period: { start: now, end: now }, subscription: subscription.id, item: null, metadata }),
  );
  const lines = [...once, ...linesOf(subscription)];
  const invoice = bill(ledger, subscription, 'subscription_create', lines, { start: now, end: now }, null);
  finalizeInvoice(ledger, invoice);
  const paid = collectInvoice(ledger, invoice, cardOf(ledger, customer.id), start.present, start.intent);
  if (!trial && paid) ledger.change(subscription, { status: 'active' }, 'customer.subscription.updated');
  announceTrialEnd(ledger, subscription);
  return subscription;
}
