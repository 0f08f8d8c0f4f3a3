import { ApiError } from '../objects/api-error';
import type { CheckoutTerms, Ledger } from './ledger';
import { detailsOf, makeSession, type SessionTerms } from '../objects/make-checkout';
import { setCard } from './people';
import { makeCustomer } from '../objects/make-customer';
import type { Card, FakeCustomer, FakeLineItem, FakeSession } from '../objects/objects';
import { openPayment, tryCard } from './payments';
import { startSubscription } from './start-subscription';

export interface Buyer {
  readonly email?: string;
  readonly name?: string;
  readonly card?: Card;
}

export function openCheckout(ledger: Ledger, terms: SessionTerms, checkout: Omit<CheckoutTerms, 'intent'>): FakeSession {
  const session = ledger.add(ledger.sessions, makeSession(ledger.now(), ledger.url, terms));
  ledger.checkouts.set(session.id, { ...checkout, intent: null });
  return session;
}

/** The buyer changes how many he takes, where the shop lets him. */
export function adjustCheckout(ledger: Ledger, session: FakeSession, quantities: ReadonlyMap<number, number>): void {
  const { lines, trialDays } = ledger.checkouts.get(session.id)!;
  for (const [at, quantity] of quantities) {
    const line = lines[at];
    const range = line?.adjustable_quantity;
    if (!line || !range) continue;
    if (quantity < (range.minimum ?? 1) || quantity > (range.maximum ?? 99)) throw new ApiError(400, 'That many are not on sale.');
    const amount = line.price.unit_amount * quantity;
    ledger.alter(line, { quantity, amount_subtotal: amount, amount_total: amount });
  }
  const amount = amountOf(lines, trialDays);
  ledger.alter(session, { amount_subtotal: amount, amount_total: amount });
}

/** What is due today: a trial puts off what recurs. */
export const amountOf = (lines: readonly FakeLineItem[], trialDays: number): number =>
  lines.filter(({ price }) => trialDays === 0 || !price.recurring).reduce((sum, { amount_total }) => sum + amount_total, 0);

export function expireCheckout(ledger: Ledger, session: FakeSession): void {
  if (session.status !== 'open') throw new ApiError(400, `Only open sessions can be expired; this one is ${session.status}.`);
  ledger.change(session, { status: 'expired', url: null }, 'checkout.session.expired');
}

/** The buyer presses the button; true when he has bought. */
export function completeCheckout(ledger: Ledger, session: FakeSession, buyer: Buyer): boolean {
  if (session.status !== 'open') throw new ApiError(400, `This checkout is ${session.status}.`);
  const card = buyer.card ?? 'good';
  const known = session.customer === null ? null : ledger.get(ledger.customers, session.customer);
  const email = buyer.email ?? session.customer_email ?? known?.email ?? 'buyer@example.com';
  const name = buyer.name ?? known?.name ?? null;
  if (card === 'declined') {
    declineFirst(ledger, session, email);
    return false;
  }
  const customer = known ?? newCustomer(ledger, session, email, name);
  if (customer) setCard(ledger, customer, card);
  if (session.mode === 'subscription') subscribe(ledger, session, customer!);
  else payOnce(ledger, session, customer, card, email);
  const done = { status: 'complete', url: null, customer: customer?.id ?? null, customer_details: detailsOf(email, name) } as const;
  ledger.alter(session, done);
  ledger.tell('checkout.session.completed', session);
  return true;
}

/** Who pays once without asking to be kept stays a guest. */
function newCustomer(ledger: Ledger, session: FakeSession, email: string, name: string | null): FakeCustomer | null {
  if (session.mode === 'payment' && session.customer_creation !== 'always') return null;
  return ledger.add(ledger.customers, makeCustomer(ledger.now(), { email, name }), 'customer.created');
}

function declineFirst(ledger: Ledger, session: FakeSession, email: string): void {
  const checkout = ledger.checkouts.get(session.id)!;
  if (session.amount_total === 0) return;
  checkout.intent ??= openPayment(ledger, paymentTerms(session, checkout, null, email));
  tryCard(ledger, checkout.intent, 'declined', true);
}

function subscribe(ledger: Ledger, session: FakeSession, customer: FakeCustomer): void {
  const { lines, trialDays, metadata, intent } = ledger.checkouts.get(session.id)!;
  const items = lines.filter(({ price }) => price.recurring);
  const once = lines.filter(({ price }) => !price.recurring);
  if (intent) ledger.alter(intent, { customer: customer.id });
  const subscription = startSubscription(ledger, { customer, items, once, trialDays, metadata, present: true, intent });
  const payment_status = session.amount_total === 0 ? 'no_payment_required' : 'paid';
  ledger.alter(session, { subscription: subscription.id, invoice: subscription.latest_invoice, payment_status });
}

function payOnce(ledger: Ledger, session: FakeSession, customer: FakeCustomer | null, card: Card, email: string): void {
  if (session.amount_total === 0) return void ledger.alter(session, { payment_status: 'no_payment_required' });
  const checkout = ledger.checkouts.get(session.id)!;
  checkout.intent ??= openPayment(ledger, paymentTerms(session, checkout, customer, email));
  if (customer) ledger.alter(checkout.intent, { customer: customer.id, payment_method: customer.invoice_settings.default_payment_method });
  tryCard(ledger, checkout.intent, card, true);
  ledger.alter(session, { payment_intent: checkout.intent.id, payment_status: 'paid' });
}

const paymentTerms = (session: FakeSession, checkout: CheckoutTerms, customer: FakeCustomer | null, email: string) => ({
  amount: session.amount_total,
  currency: session.currency,
  customer: customer?.id ?? null,
  email,
  description: session.mode === 'subscription' ? 'Subscription creation' : checkout.description,
  paymentMethod: null,
  metadata: session.mode === 'payment' ? { ...checkout.metadata } : {},
  offSession: session.mode === 'subscription',
});
