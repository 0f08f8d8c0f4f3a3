import { ApiError } from '../objects/api-error';
import { periodEnd } from './calendar';
import { draftInvoice } from './invoicing';
import type { Ledger } from './ledger';
import { makeLine } from '../objects/make-invoice';
import { planOf } from '../objects/make-catalogue';
import type { Period } from '../objects/make-subscription';
import type { FakeLine, FakePrice, FakeSubscription, FakeSubscriptionItem, Metadata } from '../objects/objects';
import { renewSubscription, settleInvoice } from './renewals';
import { isOver, periodOf } from './subscriptions';

export interface ItemChange {
  /** The item of the subscription; without it the only one. */
  readonly id?: string | undefined;
  readonly price?: FakePrice | undefined;
  readonly quantity?: number | undefined;
}

export interface SubscriptionChange {
  readonly items?: readonly ItemChange[];
  readonly cancelAtPeriodEnd?: boolean | undefined;
  /** null = not any more. */
  readonly cancelAt?: number | null | undefined;
  readonly pause?: NonNullable<FakeSubscription['pause_collection']> | null | undefined;
  readonly metadata?: Metadata | undefined;
  readonly description?: string | null | undefined;
  readonly trialEnd?: number | 'now' | undefined;
  readonly proration?: 'create_prorations' | 'always_invoice' | 'none' | undefined;
}

export function changeSubscription(ledger: Ledger, subscription: FakeSubscription, change: SubscriptionChange): void {
  if (isOver(subscription) && !onlyMetadata(change)) {
    throw new ApiError(400, 'A canceled subscription can only update its cancellation_details and metadata.');
  }
  const fields = { ...cancelling(ledger, subscription, change), ...plainly(change) };
  if (change.items) changeItems(ledger, subscription, change.items, change.proration ?? 'create_prorations', fields);
  else ledger.change(subscription, fields, 'customer.subscription.updated');
  if (change.trialEnd !== undefined) moveTrial(ledger, subscription, change.trialEnd);
}

const onlyMetadata = (change: SubscriptionChange): boolean =>
  Object.entries(change).every(([name, value]) => name === 'metadata' || value === undefined);

const plainly = ({ metadata, description, pause }: SubscriptionChange): Partial<FakeSubscription> => ({
  ...(metadata && { metadata }),
  ...(description !== undefined && { description }),
  ...(pause !== undefined && { pause_collection: pause }),
});

const reasoned = (reason: 'cancellation_requested' | null) => ({ comment: null, feedback: null, feedback_option: null, reason });

function cancelling(ledger: Ledger, subscription: FakeSubscription, change: SubscriptionChange): Partial<FakeSubscription> {
  const { cancelAtPeriodEnd, cancelAt } = change;
  if (cancelAtPeriodEnd === undefined && cancelAt === undefined) return {};
  if (cancelAtPeriodEnd && cancelAt) throw new ApiError(400, 'Pass cancel_at or cancel_at_period_end, not both.', { param: 'cancel_at' });
  const at = cancelAtPeriodEnd ? periodOf(subscription).end : (cancelAt ?? null);
  if (at === null) {
    return { cancel_at: null, cancel_at_period_end: false, canceled_at: null, cancellation_details: reasoned(null) };
  }
  return {
    cancel_at: at,
    cancel_at_period_end: cancelAtPeriodEnd ?? false,
    canceled_at: subscription.canceled_at ?? ledger.now(),
    cancellation_details: reasoned('cancellation_requested'),
  };
}

function changeItems(
  ledger: Ledger,
  subscription: FakeSubscription,
  changes: readonly ItemChange[],
  proration: NonNullable<SubscriptionChange['proration']>,
  fields: Partial<FakeSubscription>,
): void {
  const old = subscription.items.data;
  const items = old.map((item) => applied(item, changes, old.length));
  const restart = !sameRhythm(old[0]!, items[0]!) && subscription.status !== 'trialing';
  const charged = subscription.status === 'trialing' || proration === 'none' ? [] : prorationLines(ledger, subscription, items, restart);
  if (restart) return restartPeriod(ledger, subscription, items, charged, fields);

  const waiting = ledger.prorations.get(subscription.id) ?? [];
  ledger.change(subscription, { ...fields, items: { ...subscription.items, data: items } }, 'customer.subscription.updated');
  if (charged.length === 0) return;
  if (proration === 'create_prorations') return void ledger.prorations.set(subscription.id, [...waiting, ...charged]);
  invoiceNow(ledger, subscription, charged);
}

function applied(item: FakeSubscriptionItem, changes: readonly ItemChange[], items: number): FakeSubscriptionItem {
  const change = changes.find(({ id }) => id === item.id || (id === undefined && items === 1));
  if (!change) return item;
  const price = change.price ?? item.price;
  return { ...item, price, plan: planOf(price), quantity: change.quantity ?? item.quantity };
}

const sameRhythm = ({ price: one }: FakeSubscriptionItem, { price: other }: FakeSubscriptionItem): boolean =>
  one.recurring?.interval === other.recurring?.interval && one.recurring?.interval_count === other.recurring?.interval_count;

/** What was paid for the rest of the period comes back; what the rest costs now is owed. */
function prorationLines(ledger: Ledger, subscription: FakeSubscription, items: FakeSubscriptionItem[], restart: boolean): FakeLine[] {
  const { start, end } = periodOf(subscription);
  const now = ledger.now();
  const share = (end - now) / (end - start);
  const line = (item: FakeSubscriptionItem, sign: 1 | -1): FakeLine =>
    makeLine({
      ...item,
      amount: sign * Math.round(item.price.unit_amount * item.quantity * share),
      description: `${sign < 0 ? 'Unused time on' : 'Remaining time on'} ${item.quantity} × ${item.price.nickname ?? item.price.product}`,
      period: { start: now, end },
      proration: true,
      subscription: subscription.id,
      item: item.id,
    });
  return subscription.items.data.flatMap((old, at) => {
    const item = items[at]!;
    if (old.price.id === item.price.id && old.quantity === item.quantity) return [];
    return restart ? [line(old, -1)] : [line(old, -1), line(item, 1)];
  });
}

/** Another rhythm begins today, and is paid today. */
function restartPeriod(
  ledger: Ledger,
  subscription: FakeSubscription,
  items: FakeSubscriptionItem[],
  credit: FakeLine[],
  fields: Partial<FakeSubscription>,
): void {
  const start = ledger.now();
  const period: Period = { start, end: periodEnd(start, start, items[0]!.price.recurring!) };
  const data = items.map((item) => ({ ...item, current_period_start: period.start, current_period_end: period.end }));
  const moved = { ...fields, billing_cycle_anchor: start, items: { ...subscription.items, data } };
  ledger.change(subscription, moved, 'customer.subscription.updated');
  const lines = data.map((item) => makeLine({ ...item, period, subscription: subscription.id, item: item.id }));
  invoiceNow(ledger, subscription, [...credit, ...lines]);
}

function invoiceNow(ledger: Ledger, subscription: FakeSubscription, lines: FakeLine[]): void {
  const customer = ledger.get(ledger.customers, subscription.customer);
  const now = ledger.now();
  const last = subscription.latest_invoice;
  const invoice = draftInvoice(ledger, {
    customer,
    subscription,
    reason: 'subscription_update',
    lines,
    period: { start: now, end: now },
    currency: subscription.currency,
    finalizesAt: null,
  });
  ledger.tell('customer.subscription.updated', subscription, { latest_invoice: last });
  settleInvoice(ledger, invoice);
}

function moveTrial(ledger: Ledger, subscription: FakeSubscription, to: number | 'now'): void {
  const end = to === 'now' ? ledger.now() : to;
  const data = subscription.items.data.map((item) => ({ ...item, current_period_end: end }));
  const moved: Partial<FakeSubscription> = { trial_end: end, billing_cycle_anchor: end, items: { ...subscription.items, data } };
  if (to === 'now') {
    ledger.alter(subscription, moved);
    return renewSubscription(ledger, subscription, 0);
  }
  ledger.announced.delete(subscription.id);
  const trial: Partial<FakeSubscription> = { status: 'trialing', trial_start: subscription.trial_start ?? ledger.now() };
  ledger.change(subscription, { ...moved, ...trial }, 'customer.subscription.updated');
}
