import type { Buyer } from '../domain/facts';
import type { Listed } from '../ports/payments';
import { type Asking, orNull } from './stripe-asking';
import { subscriptionOf } from './stripe-invoices';
import type { Given } from './stripe-shapes';

/** A payment is of an invoice, and so of its subscription, or of a checkout. */
export async function findPurchaseOf(ask: Asking, paymentIntent: string): Promise<string | null> {
  const payment = { type: 'payment_intent', payment_intent: paymentIntent };
  const found = await orNull(
    Promise.all([
      ask.page((stripe, paging) => stripe.invoicePayments.list({ ...paging, payment, expand: ['data.invoice'] }), null),
      ask.page((stripe, paging) => stripe.checkout.sessions.list({ ...paging, payment_intent: paymentIntent }), null),
    ]),
  );
  if (!found) return null;
  const [{ items: ofInvoices }, { items: sessions }] = found;
  const invoices = ofInvoices.flatMap((each) => (each.isWhole('invoice') ? (each.inner('invoice') ?? []) : []));
  return [...invoices.map(subscriptionOf), ...sessions.map(subjectOfSession)].find((subject) => subject !== null) ?? null;
}

/** Subscriptions first, then what was paid once: the cursor says in which of the two it goes on, and after what. */
export async function listPurchases(ask: Asking, since: Date, cursor: string | null): Promise<{ items: Listed[]; next: string | null }> {
  const [list, after = null] = cursor?.split(':') ?? ['subscriptions'];
  if (list === 'subscriptions') {
    const { items, next } = await ask.page((stripe, paging) => stripe.subscriptions.list({ ...paging, status: 'all' }), after);
    return { items: items.map(listedSubscription), next: next === null ? 'checkouts' : `subscriptions:${next}` };
  }
  const created = { gte: Math.floor(since.getTime() / 1000) };
  const { items, next } = await ask.page(
    (stripe, paging) => stripe.checkout.sessions.list({ ...paging, status: 'complete', created }),
    after,
  );
  return { items: items.flatMap(listedCheckout), next: next && `checkouts:${next}` };
}

export async function findCustomer(ask: Asking, id: string): Promise<{ buyer: Buyer; subjects: string[] } | null> {
  // Anything else is no id, and would not be a part of a path.
  if (!/^[\w-]{1,255}$/.test(id)) return null;
  const found = await orNull(
    Promise.all([
      ask.about((stripe) => stripe.customers.retrieve(id)),
      ask.list((stripe, paging) => stripe.subscriptions.list({ ...paging, customer: id, status: 'all' })),
      ask.list((stripe, paging) => stripe.checkout.sessions.list({ ...paging, customer: id, status: 'complete' })),
    ]),
  );
  if (!found || found[0].flag('deleted')) return null;
  const [customer, subscriptions, sessions] = found;
  const bought = [...subscriptions.map(listedSubscription), ...sessions.flatMap(listedCheckout)];
  return {
    buyer: { id: customer.must('id', customer.id('id')), email: customer.email('email'), name: customer.shown('name') },
    subjects: bought.map(({ subject }) => subject),
  };
}

const listedSubscription = (subscription: Given): Listed => ({
  subject: subscription.must('id', subscription.id('id', 'sub')),
  customerId: subscription.id('customer'),
});

const listedCheckout = (session: Given): Listed[] =>
  session.text('mode') === 'payment' ? [{ subject: session.must('id', session.id('id', 'cs')), customerId: session.id('customer') }] : [];

const subjectOfSession = (session: Given): string | null =>
  session.text('mode') === 'payment' ? session.id('id', 'cs') : session.id('subscription', 'sub');
