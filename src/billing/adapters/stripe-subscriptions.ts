import { UnreadableEvent } from '../domain/errors';
import type { Buyer, News, PurchaseStatus, Terms } from '../domain/facts';
import type { Given } from './stripe-shapes';

const statuses: Record<string, PurchaseStatus> = {
  incomplete: 'incomplete',
  trialing: 'trialing',
  active: 'active',
  past_due: 'past_due',
  unpaid: 'unpaid',
  paused: 'paused',
  incomplete_expired: 'ended',
  canceled: 'ended',
};
export const mostOfOne = 2_147_483_647;

/** What a subscription says of itself, in the shape of any version of the API. */
export const newsOfSubscription = (subscription: Given, asOf: Date): News => ({
  subject: subscription.must('id', subscription.id('id', 'sub')),
  kind: 'subscription',
  asOf,
  whole: false,
  terms: termsOf(subscription),
  buyer: buyerOf(subscription),
  planCode: planCodeOf(subscription),
  invoices: [],
  payments: [],
});

/** The code of the plan, as our checkout noted it. */
export const planCodeOf = (noted: Given): string | null => noted.inner('metadata')?.shown('latchkey_plan') ?? null;

/** A license is for the first item; others of the same subscription are extras that the brand sells beside it. */
function termsOf(subscription: Given): Terms {
  const items = subscription.list('items');
  const item = items[0] ?? subscription;
  const status = statusOf(subscription);
  const ended = status === 'ended';
  const stops = subscription.flag('cancel_at_period_end') || subscription.instant('cancel_at') !== null;
  const ends = [subscription, ...items].flatMap((each) => each.instant('current_period_end') ?? []);
  return {
    status,
    paused: subscription.inner('pause_collection') !== null,
    renews: !stops && !ended,
    priceId: item.id('price') ?? item.id('plan'),
    quantity: Math.max(item.whole('quantity', 0, mostOfOne) ?? 1, 1),
    trialEnd: subscription.instant('trial_end'),
    periodEnd: latestOf(ends),
    endedAt: subscription.instant('ended_at') ?? (ended ? subscription.instant('canceled_at') : null),
  };
}

function statusOf(subscription: Given): PurchaseStatus {
  const status = subscription.must('status', subscription.text('status'));
  if (Object.hasOwn(statuses, status)) return statuses[status]!;
  throw new UnreadableEvent(`a subscription has the status ${status}, which is not known`);
}

/** The customer, of whom more is known where all of him stands in place of his id. */
function buyerOf(subscription: Given): Buyer | null {
  const id = subscription.id('customer');
  if (id === null) return null;
  const all = subscription.isWhole('customer') ? subscription.inner('customer') : null;
  return { id, email: all?.email('email') ?? null, name: all?.shown('name') ?? null };
}

export const latestOf = (times: readonly Date[]): Date | null =>
  times.length === 0 ? null : new Date(Math.max(...times.map((at) => at.getTime())));
