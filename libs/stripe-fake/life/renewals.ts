import type { FakeInvoice, FakeSubscription } from '../objects/objects';
import type { Period } from '../objects/make-subscription';
import { periodEnd } from './calendar';
import { collectInvoice, finalizeInvoice, giveUpInvoice, restInvoice, voidInvoice } from './invoicing';
import type { Ledger } from './ledger';
import { bill, cardOf, endSubscription, invoicesOf, isOver, linesOf, periodOf, subscriptionOf } from './subscriptions';
import { day, hour } from './timeline';

/** Three days ahead, or at once when the trial is shorter. */
export function announceTrialEnd(ledger: Ledger, subscription: FakeSubscription): void {
  const { id, status, trial_end } = subscription;
  if (status !== 'trialing' || ledger.announced.has(id) || ledger.now() < trial_end! - 3 * day) return;
  ledger.announced.add(id);
  ledger.tell('customer.subscription.trial_will_end', subscription);
}

/** The period is over: the next one begins, with an invoice that is final an hour later. */
export function renewSubscription(ledger: Ledger, subscription: FakeSubscription, wait = hour): void {
  const ended = periodOf(subscription);
  if (subscription.cancel_at !== null && subscription.cancel_at <= ended.end) return endSubscription(ledger, subscription);

  const start = ended.end;
  const recurring = subscription.items.data[0]!.price.recurring!;
  const before = ledger.alter(subscription, {
    items: rolled(subscription, { start, end: periodEnd(subscription.billing_cycle_anchor, start, recurring) }),
    ...(subscription.status === 'trialing' && { status: 'active' as const }),
  });
  const last = subscription.latest_invoice;
  const invoice = bill(ledger, subscription, 'subscription_cycle', linesOf(subscription), ended, ledger.now() + wait);
  ledger.tell('customer.subscription.updated', subscription, { ...before, latest_invoice: last });
  if (subscription.pause_collection) pass(ledger, invoice, subscription.pause_collection.behavior);
  else if (wait === 0) settleInvoice(ledger, invoice);
}

const rolled = (subscription: FakeSubscription, period: Period): FakeSubscription['items'] => ({
  ...subscription.items,
  data: subscription.items.data.map((item) => ({ ...item, current_period_start: period.start, current_period_end: period.end })),
});

/** While collection rests, nobody is asked for money. */
function pass(ledger: Ledger, invoice: FakeInvoice, behaviour: string): void {
  if (behaviour === 'keep_as_draft') return restInvoice(ledger, invoice);
  finalizeInvoice(ledger, invoice);
  if (behaviour === 'void') voidInvoice(ledger, invoice);
  else giveUpInvoice(ledger, invoice);
}

/** An invoice of a running subscription becomes final and is collected. */
export function settleInvoice(ledger: Ledger, invoice: FakeInvoice): void {
  finalizeInvoice(ledger, invoice);
  retryInvoice(ledger, invoice);
}

/** Tries the card on file; what comes of it decides on the subscription. */
export function retryInvoice(ledger: Ledger, invoice: FakeInvoice, present = false): void {
  const paid = collectInvoice(ledger, invoice, cardOf(ledger, invoice.customer), present);
  const subscription = subscriptionOf(ledger, invoice);
  if (!subscription || isOver(subscription)) return;
  if (paid) return recover(ledger, subscription);
  if (subscription.status === 'incomplete') return;
  ledger.change(subscription, { status: 'past_due' }, 'customer.subscription.updated');
  if (invoice.next_payment_attempt === null) endSubscription(ledger, subscription, 'payment_failed');
}

/** Whatever was owed is paid: the subscription runs again. */
function recover(ledger: Ledger, subscription: FakeSubscription): void {
  if (subscription.status !== 'past_due' && subscription.status !== 'incomplete') return;
  if (invoicesOf(ledger, subscription).some(({ status }) => status === 'open')) return;
  ledger.change(subscription, { status: 'active' }, 'customer.subscription.updated');
}
