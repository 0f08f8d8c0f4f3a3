import { expireCheckout } from './checkout';
import type { Ledger } from './ledger';
import { changeSubscription } from './subscription-changes';
import { announceTrialEnd, renewSubscription, retryInvoice, settleInvoice } from './renewals';
import { endSubscription, expireSubscription, isOver, periodOf } from './subscriptions';
import type { FakeInvoice, FakeSubscription } from '../objects/objects';
import { day, hour, type Seconds } from './timeline';

/** Something that time brings by itself. */
export interface Due {
  readonly at: Seconds;
  readonly ledger: Ledger;
  happen(): void;
}

/** The first thing that time will bring to the account. */
export function nextDue(ledger: Ledger): Due | null {
  let next: Due | null = null;
  for (const due of allDue(ledger)) if (next === null || due.at < next.at) next = due;
  return next;
}

function* allDue(ledger: Ledger): Generator<Due> {
  for (const session of ledger.sessions.values()) {
    if (session.status === 'open') yield { ledger, at: session.expires_at, happen: () => expireCheckout(ledger, session) };
  }
  for (const subscription of ledger.subscriptions.values()) {
    if (!isOver(subscription)) yield* dueOf(ledger, subscription);
  }
  for (const invoice of ledger.invoices.values()) yield* dueOfInvoice(ledger, invoice);
}

function* dueOf(ledger: Ledger, subscription: FakeSubscription): Generator<Due> {
  const { status, created, cancel_at, trial_end } = subscription;
  if (status === 'incomplete') {
    yield { ledger, at: created + 23 * hour, happen: () => expireSubscription(ledger, subscription) };
    return;
  }
  const { end } = periodOf(subscription);
  if (cancel_at !== null && cancel_at < end) yield { ledger, at: cancel_at, happen: () => endSubscription(ledger, subscription) };
  yield { ledger, at: end, happen: () => renewSubscription(ledger, subscription) };
  const resumes = subscription.pause_collection?.resumes_at ?? null;
  if (resumes !== null) yield { ledger, at: resumes, happen: () => changeSubscription(ledger, subscription, { pause: null }) };
  if (status === 'trialing' && !ledger.announced.has(subscription.id)) {
    yield { ledger, at: trial_end! - 3 * day, happen: () => announceTrialEnd(ledger, subscription) };
  }
}

function* dueOfInvoice(ledger: Ledger, invoice: FakeInvoice): Generator<Due> {
  const { status, automatically_finalizes_at: final, next_payment_attempt: attempt } = invoice;
  if (status === 'draft' && final !== null) yield { ledger, at: final, happen: () => settleInvoice(ledger, invoice) };
  if (status === 'open' && attempt !== null) yield { ledger, at: attempt, happen: () => retryInvoice(ledger, invoice) };
}
