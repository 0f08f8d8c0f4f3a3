/** What the payment provider tells of a purchase. All times are of its clock. */

/** A subscription renews until it ends; a payment is made once. */
export type PurchaseKind = 'subscription' | 'payment';

/** `incomplete`: nothing was paid yet. `past_due`: it is being tried to collect; `unpaid`: no longer. `ended`: for good. */
export type PurchaseStatus = 'incomplete' | 'trialing' | 'active' | 'past_due' | 'unpaid' | 'paused' | 'ended';

/** What may change to and fro: the latest news of it counts. */
export interface Terms {
  readonly status: PurchaseStatus;
  /** Whether collecting was paused by hand. */
  readonly paused: boolean;
  /** Whether another period follows the present one. */
  readonly renews: boolean;
  /** What is paid for, as the provider names it; by it a plan is found. */
  readonly priceId: string | null;
  readonly quantity: number;
  readonly trialEnd: Date | null;
  /** Where the present period ends, paid or not. */
  readonly periodEnd: Date | null;
  readonly endedAt: Date | null;
}

/** In the order in which an invoice lives; it never goes back. `failed`: a try to collect it failed, or waits for the customer. */
export const invoiceStatuses = ['draft', 'open', 'failed', 'uncollectible', 'void', 'paid'] as const;
export type InvoiceStatus = (typeof invoiceStatuses)[number];

export interface Invoice {
  readonly id: string;
  readonly status: InvoiceStatus;
  /** The end of the period that it pays for. */
  readonly periodEnd: Date | null;
  /** In the smallest unit of the currency. */
  readonly amountDue: number;
  readonly amountPaid: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
  /** Where the customer can pay it. */
  readonly actionUrl: string | null;
  readonly createdAt: Date;
}

/** In the order in which a dispute lives. */
export const disputeStates = ['none', 'open', 'won', 'lost'] as const;
export type DisputeState = (typeof disputeStates)[number];

/** Money that came, and whether it was taken back. */
export interface Payment {
  readonly id: string;
  /** All of it. */
  readonly refunded: boolean;
  readonly dispute: DisputeState;
}

export interface Buyer {
  readonly id: string | null;
  /** Lower case. */
  readonly email: string | null;
  readonly name: string | null;
}

/** What became known of one purchase, looked up just now or told by an event. */
export interface News {
  /** The provider's id of the purchase. */
  readonly subject: string;
  readonly kind: PurchaseKind;
  /** When it was so. */
  readonly asOf: Date;
  /** Whether all of it was looked up: then it counts, whatever was known before. */
  readonly whole: boolean;
  readonly terms: Terms | null;
  readonly buyer: Buyer | null;
  /** The code of the plan that our checkout noted on it. */
  readonly planCode: string | null;
  readonly invoices: readonly Invoice[];
  readonly payments: readonly Payment[];
  /** The trial ends in a few days. */
  readonly trialEnding?: boolean;
}

/** What an event of the provider is about. */
export type About =
  /** Of a purchase. `news` is what the event itself tells. */
  | { readonly about: 'purchase'; readonly subject: string; readonly news: News }
  /** Of a payment, whose purchase has to be found first. */
  | { readonly about: 'payment'; readonly payment: Payment; readonly customerId: string | null }
  /** Of something that concerns no license, for this reason. */
  | { readonly about: 'nothing'; readonly reason: string };

/** An event of the provider, read. */
export interface ProviderEvent {
  readonly id: string;
  readonly type: string;
  readonly createdAt: Date;
  readonly about: About;
}
