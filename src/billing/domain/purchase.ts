import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { newId, publicId } from '../../../libs/kernel/id';
import { PurchaseFulfilled, PurchaseUpdated } from './events';
import { type Invoice, invoiceStatuses, disputeStates, type News, type Payment, type PurchaseKind, type Terms } from './facts';
import type { PlanState } from './plan';

/** What was last done to the licenses of a purchase: only what differs from it is done, so what support changed by hand stays. */
export interface Done {
  readonly planId: string;
  /** What the plan gave when it was bought: what a brand changes about it later is for who buys it then. */
  readonly bought: Pick<PlanState, 'grants' | 'graceDays'>;
  readonly quantity: number;
  readonly graceDays: number;
  /** RFC 3339; null: never. */
  readonly until: string | null;
  readonly status: Standing['status'];
  /** The licenses that were suspended over the purchase: only those are resumed over it. */
  readonly suspended: readonly string[];
}

export interface PurchaseState extends Terms {
  readonly brandId: BrandId;
  readonly id: string;
  /** As the provider names it. */
  readonly subject: string;
  readonly kind: PurchaseKind;
  readonly customerId: string | null;
  readonly customerEmail: string | null;
  /** The code of the plan that our checkout noted. */
  readonly planCode: string | null;
  /** By the provider's clock: of when the terms are. */
  readonly asOf: Date;
  /** When all of it was looked up last; null: since then events told more, or it never was. */
  readonly lookedAt: Date | null;
  readonly invoices: readonly Invoice[];
  readonly payments: readonly Payment[];
  /** The key that was issued for it. */
  readonly licenseKeyId: string | null;
  readonly done: Done | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** How things stand: what the customer should have. */
export interface Standing {
  /** Up to when it was paid; null: for ever. */
  readonly until: Date | null;
  readonly status: 'valid' | 'suspended' | 'cancelled';
  /** Why it is not valid. */
  readonly reason: string | null;
  /** Suspended as soon as the grace is over. */
  readonly failing: boolean;
  readonly renews: boolean;
  readonly graceDays: number;
  readonly quantity: number;
}

const nothingYet: Terms = {
  status: 'incomplete',
  paused: false,
  renews: false,
  priceId: null,
  quantity: 1,
  trialEnd: null,
  periodEnd: null,
  endedAt: null,
};

/** Something that a customer bought: what the provider tells of it, whatever the order, and what was done about it. */
export class Purchase extends Aggregate<PurchaseState> {
  static of(brandId: BrandId, subject: string, kind: PurchaseKind, at: Date): Purchase {
    return new Purchase({
      brandId,
      id: newId(),
      subject,
      kind,
      customerId: null,
      customerEmail: null,
      planCode: null,
      ...nothingYet,
      asOf: new Date(0),
      lookedAt: null,
      invoices: [],
      payments: [],
      licenseKeyId: null,
      done: null,
      version: 1,
      createdAt: at,
      updatedAt: at,
    });
  }

  /**
   * Takes in what became known. Any order and any number of the same news lead to the same: terms are those of the latest news, what has ended
   * stays ended, invoices, refunds and disputes only go forward. All of it at once, looked up just now, counts whatever was known.
   */
  learn(news: News, at: Date): void {
    const { invoices, payments } = this.state;
    const wanted = {
      ...this.buyerAfter(news),
      planCode: this.state.planCode ?? news.planCode,
      ...this.termsAfter(news),
      invoices: news.whole ? byId(news.invoices) : merged(invoices, news.invoices, laterInvoice),
      payments: news.whole ? byId(news.payments) : merged(payments, news.payments, laterPayment),
    };
    const lookedAt = news.whole ? at : null;
    if (!this.alters(wanted)) return this.change({ lookedAt });
    const told = this.facts();
    this.change({ ...wanted, lookedAt, version: this.state.version + 1, updatedAt: at });
    if (this.state.licenseKeyId && this.hasNews(told)) this.record(new PurchaseUpdated(this.state.brandId, at, this.facts()));
  }

  /** What the customer should have under that plan; null: nothing yet, as nothing was paid. */
  standing({ graceDays }: Pick<PlanState, 'graceDays'>): Standing | null {
    const until = this.paidUntil();
    if (until === undefined) return null;
    const { status, quantity, renews } = this.state;
    const ended = status === 'ended';
    return {
      until,
      ...this.verdict(),
      failing: !ended && this.isFailing(until),
      renews: renews && !ended,
      graceDays: renews && !ended ? graceDays : 0,
      quantity,
    };
  }

  /** The key that the customer got. */
  fulfilled(licenseKeyId: string, at: Date): void {
    this.change({ licenseKeyId, version: this.state.version + 1, updatedAt: at });
    this.record(new PurchaseFulfilled(this.state.brandId, at, this.facts()));
  }

  /** The provider knows nothing of it: what was known stays, and nobody looks again before somebody tells of it. */
  lookedInVain(at: Date): void {
    this.change({ lookedAt: at });
  }

  /** What is known of it may be old: it has to be looked up. */
  doubt(): void {
    this.change({ lookedAt: null });
  }

  didFor(
    { id, grants, graceDays: grace }: Pick<PlanState, 'id' | 'grants' | 'graceDays'>,
    { quantity, graceDays, until, status }: Standing,
    suspended: readonly string[] = [],
  ): void {
    const bought = { grants, graceDays: grace };
    this.change({ done: { planId: id, bought, quantity, graceDays, until: until?.toISOString() ?? null, status, suspended } });
  }

  /** Whether somebody is charged for it, though what it gave was taken away. */
  get isStillCharged(): boolean {
    const { kind, status, renews } = this.state;
    return kind === 'subscription' && renews && (status === 'active' || status === 'trialing' || status === 'past_due');
  }

  /** Its invoices that somebody has to pay, where a try has failed. */
  get failedInvoices(): Invoice[] {
    return this.state.status === 'ended' ? [] : this.state.invoices.filter(({ status }) => status === 'failed');
  }

  /** null: for ever; undefined: not at all. */
  private paidUntil(): Date | null | undefined {
    const { kind, status, trialEnd, invoices } = this.state;
    if (kind === 'payment') return status === 'incomplete' ? undefined : null;
    const ends = invoices.flatMap(({ status: is, periodEnd }) => (is === 'paid' && periodEnd ? [periodEnd.getTime()] : []));
    if (trialEnd && status !== 'incomplete') ends.push(trialEnd.getTime());
    return ends.length === 0 ? undefined : new Date(Math.max(...ends));
  }

  private verdict(): Pick<Standing, 'status' | 'reason'> {
    const { payments, paused, status } = this.state;
    if (payments.some(({ refunded }) => refunded)) return { status: 'cancelled', reason: 'refunded' };
    if (payments.some(({ dispute }) => dispute === 'lost')) return { status: 'cancelled', reason: 'dispute lost' };
    if (payments.some(({ dispute }) => dispute === 'open')) return { status: 'suspended', reason: 'payment disputed' };
    if (status !== 'ended' && (paused || status === 'paused')) return { status: 'suspended', reason: 'subscription paused' };
    return { status: 'valid', reason: null };
  }

  /** Whether somebody tries in vain to collect what comes after that time. */
  private isFailing(until: Date | null): boolean {
    const { status, invoices } = this.state;
    if (until === null) return false;
    if (status === 'past_due' || status === 'unpaid') return true;
    return invoices.some(
      ({ status: is, periodEnd }) => (is === 'failed' || is === 'uncollectible') && (periodEnd === null || periodEnd > until),
    );
  }

  private termsAfter({ terms, whole, asOf }: News): Partial<PurchaseState> {
    const { state } = this;
    if (!terms) return {};
    if (whole) return { ...terms, asOf: later(asOf, state.asOf) };
    if (!isLater(placeOf(terms, asOf), placeOf(state, state.asOf))) return {};
    // An event about a checkout does not say what was bought.
    return { ...terms, priceId: terms.priceId ?? state.priceId, asOf };
  }

  private buyerAfter({ buyer, whole }: News): Pick<PurchaseState, 'customerId' | 'customerEmail'> {
    const { customerId, customerEmail } = this.state;
    if (!buyer) return { customerId, customerEmail };
    if (whole) return { customerId: buyer.id ?? customerId, customerEmail: buyer.email ?? customerEmail };
    return { customerId: customerId ?? buyer.id, customerEmail: customerEmail ?? buyer.email };
  }

  private hasNews(before: ReturnType<Purchase['facts']>): boolean {
    const { status, plan, quantity } = this.facts();
    return status !== before.status || plan !== before.plan || quantity !== before.quantity;
  }

  private facts() {
    const { id, version, subject, kind, status, planCode, quantity, licenseKeyId } = this.state;
    return {
      ...{ id: publicId('purchase', id), version, reference: subject, kind, status, plan: planCode, quantity },
      license_key_id: licenseKeyId && publicId('licenseKey', licenseKeyId),
    };
  }
}

type Place = readonly [ended: boolean, asOf: Date, rank: string];

/** What has ended stays so, whatever is told late; of the rest the latest counts. No two that differ have the same place, so that order says nothing. */
const placeOf = (terms: Terms, asOf: Date): Place => [terms.status === 'ended', asOf, rankOf(terms)];

function isLater([ended, asOf, rank]: Place, [endedThen, then, rankThen]: Place): boolean {
  if (ended !== endedThen) return ended;
  return asOf.getTime() === then.getTime() ? rank > rankThen : asOf > then;
}

/** Where two tell of the same moment, the one that is further in the life of a purchase; then any, but always the same one. */
function rankOf({ status, quantity, priceId, renews, paused, trialEnd, periodEnd, endedAt }: Terms): string {
  const order: Terms['status'][] = ['incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'ended'];
  const times = [trialEnd, periodEnd, endedAt].map((time) => time?.toISOString() ?? '');
  return JSON.stringify([order.indexOf(status), paused, !renews, String(quantity).padStart(10, '0'), ...times, priceId]);
}

const later = (one: Date, other: Date): Date => (one > other ? one : other);

const byId = <Thing extends { readonly id: string }>(things: readonly Thing[]): Thing[] =>
  [...things].sort((one, other) => (one.id < other.id ? -1 : 1));

function merged<Thing extends { readonly id: string }>(
  known: readonly Thing[],
  told: readonly Thing[],
  of: (one: Thing, other: Thing) => Thing,
): Thing[] {
  const all = new Map(known.map((thing) => [thing.id, thing]));
  for (const thing of told) {
    const before = all.get(thing.id);
    all.set(thing.id, before ? of(before, thing) : thing);
  }
  return byId([...all.values()]);
}

/** The one that is further in its life; of two that are as far, the one that pays for more. */
function laterInvoice(one: Invoice, other: Invoice): Invoice {
  const by = (invoice: Invoice) => [invoiceStatuses.indexOf(invoice.status), invoice.periodEnd?.getTime() ?? 0, invoice.amountPaid];
  const [a, b] = [by(one), by(other)];
  const first = a.findIndex((value, n) => value !== b[n]);
  const [winner, loser] = first >= 0 && b[first]! > a[first]! ? [other, one] : [one, other];
  return { ...winner, periodEnd: winner.periodEnd ?? loser.periodEnd, actionUrl: winner.actionUrl ?? loser.actionUrl };
}

function laterPayment(one: Payment, other: Payment): Payment {
  const states = [one.dispute, other.dispute].map((state) => disputeStates.indexOf(state));
  return { id: one.id, refunded: one.refunded || other.refunded, dispute: disputeStates[Math.max(...states)]! };
}
