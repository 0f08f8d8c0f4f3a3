import { createHash } from 'node:crypto';
import { UnreadableEvent } from '../domain/errors';
import type { About, News, Payment, ProviderEvent } from '../domain/facts';
import type { ReceivedEvent } from '../ports/payments';
import { paymentIdOf, paymentOfCharge, paymentOfDispute } from './stripe-charges';
import { newsOfInvoice } from './stripe-invoices';
import { newsOfSession } from './stripe-sessions';
import { Given } from './stripe-shapes';
import { newsOfSubscription } from './stripe-subscriptions';

type Reader = (object: Given, at: Date) => About;

const nothing = (reason: string): About => ({ about: 'nothing', reason });
const ofPurchase = (news: News | null, otherwise: string): About =>
  news ? { about: 'purchase', subject: news.subject, news } : nothing(otherwise);
const ofPayment = (payment: Payment, object: Given): About => ({ about: 'payment', payment, customerId: object.id('customer') });

const session: Reader = (object, at) => ofPurchase(newsOfSession(object, at), 'a checkout that sold nothing');
const subscription: Reader = (object, at) => ofPurchase(newsOfSubscription(object, at), '');
const trialEnding: Reader = (object, at) => ofPurchase({ ...newsOfSubscription(object, at), trialEnding: true }, '');
const invoice: Reader = (object, at) => ofPurchase(newsOfInvoice(object, at, false), 'an invoice of no subscription');
const failedInvoice: Reader = (object, at) => ofPurchase(newsOfInvoice(object, at, true), 'an invoice of no subscription');
const charge: Reader = (object) => ofPayment(paymentOfCharge(object), object);
const dispute: Reader = (object) => ofPayment(paymentOfDispute(object), object);

/** That money goes back a charge tells; that it does not after all, nobody else. */
const refund: Reader = (object) => {
  const fell = ['failed', 'canceled'].includes(object.text('status') ?? '');
  return fell ? ofPayment({ id: paymentIdOf(object), refunded: false, dispute: 'none' }, object) : nothing('told by its charge as well');
};

const readers: Record<string, Reader> = {
  'checkout.session.completed': session,
  'checkout.session.async_payment_succeeded': session,
  'checkout.session.async_payment_failed': session,
  'checkout.session.expired': () => nothing('a checkout that was given up'),
  'customer.subscription.created': subscription,
  'customer.subscription.updated': subscription,
  'customer.subscription.deleted': subscription,
  'customer.subscription.paused': subscription,
  'customer.subscription.resumed': subscription,
  'customer.subscription.trial_will_end': trialEnding,
  'invoice.finalized': invoice,
  'invoice.paid': invoice,
  'invoice.payment_succeeded': invoice,
  'invoice.payment_failed': failedInvoice,
  'invoice.payment_action_required': failedInvoice,
  'invoice.marked_uncollectible': invoice,
  'invoice.voided': invoice,
  'invoice.updated': invoice,
  'charge.refunded': charge,
  'charge.refund.updated': refund,
  'refund.created': refund,
  'refund.updated': refund,
  'refund.failed': refund,
  'charge.dispute.created': dispute,
  'charge.dispute.updated': dispute,
  'charge.dispute.closed': dispute,
  'charge.dispute.funds_withdrawn': dispute,
  'charge.dispute.funds_reinstated': dispute,
};

/** An event of Stripe, in the shape of any version of its API. @throws UnreadableEvent */
export function readEvent(body: Buffer): ProviderEvent {
  const event = parsed(body);
  const type = event.must('type', typeOf(event));
  const createdAt = event.must('created', event.instant('created'));
  return { id: event.must('id', idOf(event)), type, createdAt, about: aboutOf(event, type, createdAt) };
}

/** What came, once its signature was checked: whatever it is, it has an id, and the same body has the same one. */
export function receivedEvent(body: Buffer): ReceivedEvent {
  try {
    const { id, type, createdAt, about } = readEvent(body);
    return { id, type, createdAt, subject: subjectOf(about), unreadable: null };
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    const event = attempted(() => parsed(body));
    return {
      id: attempted(() => event && idOf(event)) ?? `unreadable_${createHash('sha256').update(body).digest('hex').slice(0, 32)}`,
      type: attempted(() => event && typeOf(event)) ?? 'unreadable',
      createdAt: attempted(() => event && event.instant('created')),
      subject: null,
      unreadable: error.message,
    };
  }
}

function parsed(body: Buffer): Given {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new UnreadableEvent('the body is not UTF-8');
  }
  try {
    return Given.of(JSON.parse(text), 'event');
  } catch (error) {
    throw error instanceof UnreadableEvent ? error : new UnreadableEvent('the body is not JSON');
  }
}

const idOf = (event: Given): string | null => event.id('id', 'evt');
const typeOf = (event: Given): string | null => {
  const type = event.text('type');
  return type !== null && /^[\w.]+$/.test(type) ? type : null;
};

function aboutOf(event: Given, type: string, at: Date): About {
  if (event.text('object') !== 'event') throw new UnreadableEvent('a thin event: the endpoint has to ask for snapshots');
  if (event.id('account') !== null) return nothing('of a connected account');
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!read) return nothing('concerns no license');
  const object = event.inner('data')?.inner('object') ?? null;
  return read(event.must('data.object', object), at);
}

const subjectOf = (about: About): string | null => {
  if (about.about === 'purchase') return about.subject;
  return about.about === 'payment' ? about.payment.id : null;
};

function attempted<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
