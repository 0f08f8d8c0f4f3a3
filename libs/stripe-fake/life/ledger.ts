import { noSuch } from '../objects/api-error';
import { newId } from '../objects/ids';
import {
  type Card,
  type FakeCharge,
  type FakeCustomer,
  type FakeDispute,
  type FakeEvent,
  type FakeInvoice,
  type FakeInvoicePayment,
  type FakeLine,
  type FakeLineItem,
  type FakeObject,
  type FakePaymentIntent,
  type FakePaymentMethod,
  type FakePortalSession,
  type FakePrice,
  type FakeProduct,
  type FakeRefund,
  type FakeSession,
  type FakeSubscription,
  type Metadata,
} from '../objects/objects';
import { toOldShape } from '../objects/old-shape';
import type { Timeline } from './timeline';

export const apiVersion = '2026-10-28.endive';

/** What a checkout knows beyond what its session shows. */
export interface CheckoutTerms {
  readonly lines: FakeLineItem[];
  readonly metadata: Metadata;
  readonly description: string | null;
  readonly trialDays: number;
  /** The payment that was declined before, which the next try takes up. */
  intent: FakePaymentIntent | null;
}

type Named = { id: string; object: string };

/** The objects of one account, and all that happened to them. */
export class Ledger {
  readonly accountId = newId('acct', 16);
  readonly products = new Map<string, FakeProduct>();
  readonly prices = new Map<string, FakePrice>();
  readonly customers = new Map<string, FakeCustomer>();
  readonly paymentMethods = new Map<string, FakePaymentMethod>();
  readonly sessions = new Map<string, FakeSession>();
  readonly portalSessions = new Map<string, FakePortalSession>();
  readonly subscriptions = new Map<string, FakeSubscription>();
  readonly invoices = new Map<string, FakeInvoice>();
  readonly invoicePayments = new Map<string, FakeInvoicePayment>();
  readonly paymentIntents = new Map<string, FakePaymentIntent>();
  readonly charges = new Map<string, FakeCharge>();
  readonly refunds = new Map<string, FakeRefund>();
  readonly disputes = new Map<string, FakeDispute>();
  readonly events: FakeEvent[] = [];

  readonly deletedCustomers = new Set<string>();
  readonly checkouts = new Map<string, CheckoutTerms>();
  /** How the card of a customer behaves. */
  readonly cards = new Map<string, Card>();
  /** Who pays, also where he is no customer. */
  readonly payers = new Map<string, string | null>();
  /** Prorations that wait for the next invoice of the subscription. */
  readonly prorations = new Map<string, FakeLine[]>();
  /** Trials whose end was announced. */
  readonly announced = new Set<string>();
  /** The request that is being answered, which its events name. */
  request: FakeEvent['request'] = null;

  private readonly oldObjects = new Map<string, object>();

  constructor(
    readonly time: Timeline,
    readonly url: string,
    private readonly told: (event: FakeEvent) => void,
  ) {}

  now(): number {
    return this.time.now();
  }

  /** Keeps a new object and tells of it, if that makes an event. */
  add<T extends Named>(map: Map<string, T>, object: T, type: string | null = null): T {
    map.set(object.id, object);
    if (type) this.tell(type, object);
    return object;
  }

  /** Alters an object, and tells what it was before; silent when nothing changes. */
  change<T extends Named>(object: T, fields: Partial<T>, type: string | null): void {
    const before = this.alter(object, fields);
    if (type && Object.keys(before).length > 0) this.tell(type, object, before);
  }

  /** Alters an object without a word; the answer is what was different before. */
  alter<T extends Named>(object: T, fields: Partial<T>): Record<string, unknown> {
    const changed = Object.entries(fields).filter(([field, value]) => !same(object[field as keyof T], value));
    const before = Object.fromEntries(changed.map(([field]) => [field, structuredClone(object[field as keyof T])]));
    Object.assign(object, fields);
    return before;
  }

  tell(type: string, object: Named, previous?: Record<string, unknown>): void {
    const snapshot = structuredClone(object) as FakeObject;
    const event: FakeEvent = {
      id: newId('evt'),
      object: 'event',
      api_version: apiVersion,
      created: this.now(),
      data: { object: snapshot, ...(previous && { previous_attributes: previous }) },
      livemode: false,
      pending_webhooks: 1,
      request: this.request ?? { id: null, idempotency_key: null },
      type,
    };
    this.events.push(event);
    this.oldObjects.set(event.id, toOldShape(snapshot, this));
    this.told(event);
  }

  /** The event as an endpoint of that time sees it. */
  oldEvent(event: FakeEvent): object {
    const object = this.oldObjects.get(event.id) ?? toOldShape(event.data.object, this);
    return { ...event, api_version: '2024-06-20', data: { ...event.data, object } };
  }

  get<T>(map: ReadonlyMap<string, T>, id: string, param: string | null = null): T {
    const found = map.get(id);
    if (found === undefined) throw noSuch(id.split('_')[0]!, id, param);
    return found;
  }

  /** Any object by its id alone. */
  find(id: string): Named | undefined {
    for (const map of this.everything()) {
      const found = map.get(id);
      if (found) return found;
    }
    return undefined;
  }

  paymentsOf(invoice: string): FakeInvoicePayment[] {
    return [...this.invoicePayments.values()].filter((payment) => payment.invoice === invoice);
  }

  invoiceOf(paymentIntent: string): string | null {
    const all = [...this.invoicePayments.values()];
    return all.find(({ payment }) => payment.payment_intent === paymentIntent)?.invoice ?? null;
  }

  private everything(): ReadonlyMap<string, Named>[] {
    return [
      this.prices,
      this.products,
      this.customers,
      this.paymentMethods,
      this.sessions,
      this.subscriptions,
      this.invoices,
      this.invoicePayments,
      this.paymentIntents,
      this.charges,
      this.refunds,
      this.disputes,
    ];
  }
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
