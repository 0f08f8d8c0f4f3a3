import type Stripe from 'stripe';

/** An object as it goes over the wire: the SDK's type, with references as ids and decimals as text. */
type Wire<T, Over> = Omit<T, keyof Over> & Over;

export type Metadata = Record<string, string>;
export type List<T> = Wire<Stripe.ApiList<T>, { data: T[] }>;

export type FakeProduct = Wire<Stripe.Product, { default_price: string | null }>;
export type FakePrice = Wire<Stripe.Price, { product: string; unit_amount: number; unit_amount_decimal: string }>;
export type FakePlan = Wire<Stripe.Plan, { product: string; amount: number; amount_decimal: string }>;

export type FakePaymentMethod = Wire<Stripe.PaymentMethod, { customer: string | null }>;
type InvoiceSettings = Wire<Stripe.Customer.InvoiceSettings, { default_payment_method: string | null }>;
export type FakeCustomer = Wire<Stripe.Customer, { invoice_settings: InvoiceSettings; default_source: null }>;

export type FakeSubscriptionItem = Wire<Stripe.SubscriptionItem, { plan: FakePlan; price: FakePrice; quantity: number }>;
export type FakeSubscription = Wire<
  Stripe.Subscription,
  {
    customer: string;
    items: List<FakeSubscriptionItem>;
    latest_invoice: string | null;
    default_payment_method: string | null;
    metadata: Metadata;
    status: 'active' | 'canceled' | 'incomplete' | 'incomplete_expired' | 'past_due' | 'trialing';
  }
>;

type LinePricing = Wire<Stripe.InvoiceLineItem.Pricing, { price_details: { price: string; product: string }; unit_amount_decimal: string }>;
export type FakeLine = Wire<
  Stripe.InvoiceLineItem,
  { parent: Stripe.InvoiceLineItem.Parent; pricing: LinePricing; quantity: number; quantity_decimal: string; subscription: string | null }
>;

type SubscriptionDetails = { metadata: Metadata; subscription: string };
type InvoiceParent = Wire<Stripe.Invoice.Parent, { subscription_details: SubscriptionDetails }>;
export type FakeInvoice = Wire<
  Stripe.Invoice,
  {
    customer: string;
    lines: List<FakeLine>;
    parent: InvoiceParent | null;
    status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';
    billing_reason: 'manual' | 'subscription_create' | 'subscription_cycle' | 'subscription_update';
  }
>;
export type FakeInvoicePayment = Wire<
  Stripe.InvoicePayment,
  { invoice: string; payment: { type: 'payment_intent'; payment_intent: string }; status: 'open' | 'paid' | 'canceled' }
>;

export type FakePaymentIntent = Wire<Stripe.PaymentIntent, { customer: string | null; latest_charge: string | null; metadata: Metadata }>;
export type FakeCharge = Wire<Stripe.Charge, { customer: string | null; payment_intent: string; metadata: Metadata }>;
export type FakeRefund = Wire<Stripe.Refund, { charge: string; payment_intent: string }>;
export type FakeDispute = Wire<Stripe.Dispute, { charge: string; payment_intent: string }>;

export type FakeLineItem = Wire<Stripe.LineItem, { price: FakePrice; quantity: number }>;
export type FakeSession = Wire<
  Stripe.Checkout.Session,
  {
    customer: string | null;
    invoice: string | null;
    payment_intent: string | null;
    subscription: string | null;
    mode: 'subscription' | 'payment';
    status: 'open' | 'complete' | 'expired';
    metadata: Metadata;
    amount_total: number;
    currency: string;
  }
>;
export type FakePortalSession = Wire<Stripe.BillingPortal.Session, { configuration: string }>;

/** An event, always in the shape of the newest API. */
export interface FakeEvent {
  readonly id: string;
  readonly object: 'event';
  readonly api_version: string;
  readonly created: number;
  readonly data: { readonly object: FakeObject; readonly previous_attributes?: Record<string, unknown> };
  readonly livemode: false;
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null } | null;
  readonly type: string;
}

/** Any object, of which only the name and the kind are known. */
export type FakeObject = { id: string; object: string; [field: string]: unknown };

export type Card = 'good' | 'declined' | 'needs_action';
export type Shape = 'new' | 'old';

export const listOf = <T>(data: T[], url: string): List<T> => ({ object: 'list', data, has_more: false, url });
