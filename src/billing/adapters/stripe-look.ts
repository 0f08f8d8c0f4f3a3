import type Stripe from 'stripe';
import type { Invoice, News, Payment } from '../domain/facts';
import { type Asking, orNull } from './stripe-asking';
import { disputeStateOf, paymentOfCharge, worstOf } from './stripe-charges';
import { invoiceOf, paymentsOf } from './stripe-invoices';
import { newsOfSession } from './stripe-sessions';
import { Given } from './stripe-shapes';
import { newsOfSubscription } from './stripe-subscriptions';

/** So many payments are looked up one by one, where they are not among the customer's charges. */
const mostAlone = 20;

/** All of a subscription: itself and its invoices, then the charges that paid them, then what is said against those. */
export async function lookAtSubscription(ask: Asking, id: string): Promise<News | null> {
  const found = await orNull(
    Promise.all([
      ask.to((stripe) => stripe.subscriptions.retrieve(id, { expand: ['customer'] })),
      ask.list((stripe, paging) => stripe.invoices.list({ ...paging, subscription: id, expand: ['data.payments'] })),
    ]),
  );
  if (!found) return null;
  const [answer, given] = found;
  const news = newsOfSubscription(Given.of(answer, 'subscription'), timeOf(answer));
  // While money is on its way, as it is for days from a bank account, a subscription goes on; it does not once a try has failed.
  const isCollected = ['active', 'trialing'].includes(news.terms?.status ?? '');
  const invoices = given.map((each) => invoiceOf(each, !isCollected && (each.whole('attempt_count', 0, 1e6) ?? 0) > 0));
  const paid = given.flatMap(paymentsOf);
  return { ...news, whole: true, invoices, payments: await lookAtPayments(ask, news.buyer?.id ?? null, paid, firstOf(invoices)) };
}

/** All of what was bought once. */
export async function lookAtCheckout(ask: Asking, id: string): Promise<News | null> {
  const expand = ['line_items', 'payment_intent.latest_charge'];
  const answer = await orNull(ask.to((stripe) => stripe.checkout.sessions.retrieve(id, { expand })));
  const news = answer && newsOfSession(Given.of(answer, 'session'), timeOf(answer));
  if (!news || news.subject !== id) return null;
  return { ...news, whole: true, payments: await Promise.all(news.payments.map((payment) => withDispute(ask, payment))) };
}

/** What became of the money. Which payment was taken back a list of payments does not say: the customer's charges do. */
async function lookAtPayments(ask: Asking, customer: string | null, ids: string[], since: Date | null): Promise<Payment[]> {
  const wanted = new Set(ids);
  if (wanted.size === 0) return [];
  const created = { gte: Math.floor((since?.getTime() ?? 0) / 1000) };
  const charges = customer
    ? await ask.list(
        (stripe, paging) => stripe.charges.list({ ...paging, customer, created }),
        (all) => ownOf(all, wanted).size === wanted.size,
      )
    : [];
  const known = ownOf(charges, wanted);
  const missing = [...wanted].filter((id) => !known.has(id)).slice(0, mostAlone);
  const others = await Promise.all(missing.map((id) => lookAtPayment(ask, id)));
  return Promise.all([...known.values(), ...others].map((payment) => withDispute(ask, payment)));
}

/** Those that are wanted among charges that brought money. */
const ownOf = (charges: readonly Given[], wanted: ReadonlySet<string>): Map<string, Payment> => {
  const payments = charges.filter((charge) => charge.text('status') === 'succeeded').map(paymentOfCharge);
  return new Map(payments.filter(({ id }) => wanted.has(id)).map((payment) => [payment.id, payment]));
};

async function lookAtPayment(ask: Asking, id: string): Promise<Payment> {
  if (!id.startsWith('pi_')) return { ...paymentOfCharge(await ask.about((stripe) => stripe.charges.retrieve(id))), id };
  const intent = await ask.about((stripe) => stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] }));
  const charge = intent.isWhole('latest_charge') ? intent.inner('latest_charge') : null;
  return charge ? { ...paymentOfCharge(charge), id } : { id, refunded: false, dispute: 'none' };
}

async function withDispute(ask: Asking, payment: Payment): Promise<Payment> {
  if (payment.dispute === 'none') return payment;
  const of = payment.id.startsWith('pi_') ? { payment_intent: payment.id } : { charge: payment.id };
  const disputes = await ask.list((stripe, paging) => stripe.disputes.list({ ...paging, ...of }));
  return { ...payment, dispute: worstOf(disputes.map(disputeStateOf)) };
}

const firstOf = (invoices: readonly Invoice[]): Date | null =>
  invoices.reduce<Date | null>((first, { createdAt }) => (first === null || createdAt < first ? createdAt : first), null);

/** When the answer was given, by Stripe's clock. */
function timeOf({ lastResponse }: Stripe.Response<object>): Date {
  const said = new Date(new Headers(lastResponse.headers).get('date') ?? NaN);
  return Number.isNaN(said.getTime()) ? new Date() : said;
}
