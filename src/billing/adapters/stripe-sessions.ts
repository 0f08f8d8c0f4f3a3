import type { Buyer, News, Payment, Terms } from '../domain/facts';
import { paymentOfCharge } from './stripe-charges';
import type { Given } from './stripe-shapes';
import { mostOfOne, planCodeOf } from './stripe-subscriptions';

const paid = ['paid', 'no_payment_required'];

/** What a checkout says of the purchase that it was for; null: it was for none. */
export function newsOfSession(session: Given, asOf: Date): News | null {
  const about = { asOf, whole: false, buyer: buyerOf(session), planCode: planCodeOf(session), invoices: [] } as const;
  const mode = session.must('mode', session.text('mode'));
  if (mode === 'payment') {
    const subject = session.must('id', session.id('id', 'cs'));
    return { ...about, subject, kind: 'payment', terms: termsOf(session), payments: paymentsOf(session) };
  }
  // How it stands with a subscription it says itself.
  const subject = mode === 'subscription' ? session.id('subscription', 'sub') : null;
  return subject === null ? null : { ...about, subject, kind: 'subscription', terms: null, payments: [] };
}

const isPaid = (session: Given): boolean => paid.includes(session.must('payment_status', session.text('payment_status')));

/** Once paid it is for ever; nothing else is ever told of it. */
function termsOf(session: Given): Terms {
  const [line] = session.list('line_items');
  const noted = session.inner('metadata')?.shown('latchkey_quantity') ?? '';
  const asked = /^[1-9]\d{0,8}$/.test(noted) ? Number(noted) : 1;
  return {
    status: isPaid(session) ? 'active' : 'incomplete',
    paused: false,
    renews: false,
    priceId: line?.id('price') ?? null,
    quantity: Math.max(line?.whole('quantity', 0, mostOfOne) ?? asked, 1),
    trialEnd: null,
    periodEnd: null,
    endedAt: null,
  };
}

/** The charge stands in place of its id where all was looked up. */
function paymentsOf(session: Given): Payment[] {
  const id = session.id('payment_intent', 'pi');
  if (id === null || !isPaid(session)) return [];
  const intent = session.isWhole('payment_intent') ? session.inner('payment_intent') : null;
  const charge = intent?.isWhole('latest_charge') ? intent.inner('latest_charge') : null;
  return [charge ? { ...paymentOfCharge(charge), id } : { id, refunded: false, dispute: 'none' }];
}

function buyerOf(session: Given): Buyer {
  const details = session.inner('customer_details');
  return {
    id: session.id('customer'),
    email: details?.email('email') ?? session.email('customer_email'),
    name: details?.shown('name') ?? null,
  };
}
