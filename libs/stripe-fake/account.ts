import { addPrice } from './life/catalogue';
import { type Buyer, completeCheckout } from './life/checkout';
import { Deliveries } from './delivery';
import { Ledger } from './life/ledger';
import { makeCustomer } from './objects/make-customer';
import type { Card, FakeCharge, FakeCustomer, FakeEvent, FakeInvoice, FakeSubscription, Metadata, Shape } from './objects/objects';
import { closeDispute, openDispute, refund } from './life/payments';
import { setCard } from './life/people';
import { changeSubscription } from './life/subscription-changes';
import { retryInvoice } from './life/renewals';
import { startSubscription } from './life/start-subscription';
import { endSubscription, invoicesOf } from './life/subscriptions';
import type { Timeline } from './life/timeline';
import { priceFor } from './life/catalogue';

/** One Stripe account, seen from the desk of the person who plays with it. */
export class FakeAccount {
  /** held: events are kept until `deliver`. */
  delivery: 'auto' | 'held' = 'auto';
  readonly ledger: Ledger;
  readonly deliveries: Deliveries;

  constructor(
    readonly secretKey: string,
    time: Timeline,
    url: string,
  ) {
    this.ledger = new Ledger(time, url, (event) => this.delivery === 'auto' && this.deliveries.send(event));
    this.deliveries = new Deliveries((event) => this.ledger.oldEvent(event));
  }

  get events(): FakeEvent[] {
    return this.ledger.events;
  }
  get customers() {
    return this.ledger.customers as ReadonlyMap<string, FakeCustomer>;
  }
  get sessions() {
    return this.ledger.sessions;
  }
  get subscriptions() {
    return this.ledger.subscriptions as ReadonlyMap<string, FakeSubscription>;
  }
  get invoices() {
    return this.ledger.invoices as ReadonlyMap<string, FakeInvoice>;
  }
  get paymentIntents() {
    return this.ledger.paymentIntents;
  }
  get charges() {
    return this.ledger.charges as ReadonlyMap<string, FakeCharge>;
  }
  get refunds() {
    return this.ledger.refunds;
  }
  get disputes() {
    return this.ledger.disputes;
  }

  deliver(event: FakeEvent, shape?: Shape): Promise<number> {
    return this.deliveries.deliver(event, shape);
  }

  /** The event as it would be posted, with its `stripe-signature`. */
  signed(event: FakeEvent, secret: string, shape?: Shape): { body: string; header: string } {
    return this.deliveries.signed(event, secret, shape);
  }

  createPrice(price: {
    id?: string;
    amount?: number;
    currency?: string;
    interval?: 'month' | 'year' | null;
    nickname?: string;
    productName?: string;
  }): string {
    return addPrice(this.ledger, price).id;
  }

  /** Fills in the hosted page; with a declined card nothing is bought and the page stays open. */
  pay(sessionId: string, buyer: Buyer = {}): Promise<void> {
    return this.act((ledger) => void completeCheckout(ledger, ledger.get(ledger.sessions, sessionId), buyer));
  }

  setCard(customerId: string, card: Card): void {
    this.ledger.time.tick();
    setCard(this.ledger, this.ledger.get(this.ledger.customers, customerId), card);
  }

  updateSubscription(
    id: string,
    change: { quantity?: number; price?: string; cancel_at_period_end?: boolean; pause?: boolean },
  ): Promise<void> {
    return this.act((ledger) => {
      const { quantity, price: priceId, cancel_at_period_end: cancelAtPeriodEnd, pause } = change;
      const price = priceId === undefined ? undefined : priceFor(ledger, priceId, 'subscription');
      changeSubscription(ledger, ledger.get(ledger.subscriptions, id), {
        ...((price ?? quantity) !== undefined && { items: [{ price, quantity }] }),
        cancelAtPeriodEnd,
        ...(pause !== undefined && { pause: pause ? { behavior: 'void', resumes_at: null } : null }),
      });
    });
  }

  /** At once. */
  cancelSubscription(id: string): Promise<void> {
    return this.act((ledger) => endSubscription(ledger, ledger.get(ledger.subscriptions, id)));
  }

  /** The customer gives a good card and pays that invoice, or what the subscription owes. */
  payOpenInvoice(id: string): Promise<void> {
    return this.act((ledger) => {
      const invoice = id.startsWith('sub_') ? openInvoice(ledger, id) : ledger.get(ledger.invoices, id);
      if (!invoice || (invoice.status !== 'open' && invoice.status !== 'uncollectible')) throw new Error(`Nothing is owed on ${id}.`);
      setCard(ledger, ledger.get(ledger.customers, invoice.customer), 'good');
      retryInvoice(ledger, invoice, true);
    });
  }

  refund(paymentIntentId: string, amount?: number): Promise<void> {
    return this.act((ledger) => void refund(ledger, chargeOf(ledger, paymentIntentId), { amount }));
  }

  openDispute(paymentIntentId: string): Promise<string> {
    return this.act((ledger) => openDispute(ledger, chargeOf(ledger, paymentIntentId)).id);
  }

  closeDispute(id: string, outcome: 'won' | 'lost'): Promise<void> {
    return this.act((ledger) => closeDispute(ledger, ledger.get(ledger.disputes, id), outcome));
  }

  /** One that did not come out of a checkout. */
  createSubscription(wanted: {
    customer?: string;
    email: string;
    price: string;
    quantity?: number;
    trialDays?: number;
    metadata?: Metadata;
  }): Promise<string> {
    return this.act((ledger) => {
      const customer = wanted.customer ? ledger.get(ledger.customers, wanted.customer) : newCustomer(ledger, wanted.email);
      const items = [{ price: priceFor(ledger, wanted.price, 'subscription'), quantity: wanted.quantity ?? 1 }];
      const { trialDays = 0, metadata = {} } = wanted;
      return startSubscription(ledger, { customer, items, trialDays, metadata, present: false }).id;
    });
  }

  /** Every event so far was brought to every endpoint once. */
  settled(): Promise<void> {
    return this.deliveries.settled();
  }

  /** What a person does takes its own second, and is over when its events have arrived. */
  private async act<T>(what: (ledger: Ledger) => T): Promise<T> {
    this.ledger.time.tick();
    const result = what(this.ledger);
    await this.settled();
    return result;
  }
}

function newCustomer(ledger: Ledger, email: string): FakeCustomer {
  const customer = ledger.add(ledger.customers, makeCustomer(ledger.now(), { email }), 'customer.created');
  setCard(ledger, customer, 'good');
  return customer;
}

const openInvoice = (ledger: Ledger, subscription: string): FakeInvoice | undefined =>
  invoicesOf(ledger, ledger.get(ledger.subscriptions, subscription)).findLast(({ status }) => status === 'open');

/** The charge that brought the money. */
function chargeOf(ledger: Ledger, paymentIntentId: string): FakeCharge {
  const { latest_charge } = ledger.get(ledger.paymentIntents, paymentIntentId);
  if (latest_charge === null) throw new Error(`${paymentIntentId} was never paid.`);
  return ledger.get(ledger.charges, latest_charge);
}
