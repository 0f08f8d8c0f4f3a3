import { newId } from './ids';
import type { Period } from './make-subscription';
import {
  type FakeCustomer,
  type FakeInvoice,
  type FakeInvoicePayment,
  type FakeLine,
  type FakePrice,
  type FakeSubscription,
  listOf,
  type Metadata,
} from './objects';
import type { Seconds } from '../life/timeline';

export interface LineTerms {
  readonly price: FakePrice;
  readonly quantity: number;
  readonly period: Period;
  readonly amount?: number;
  readonly description?: string;
  readonly proration?: boolean;
  readonly subscription: string | null;
  /** The item of the subscription, if it is one. */
  readonly item: string | null;
  readonly metadata: Metadata;
}

const named = (price: FakePrice): string => price.nickname ?? price.product;
const priced = (price: FakePrice): string => `${(price.unit_amount / 100).toFixed(2)} ${price.currency.toUpperCase()}`;
const rhythm = (price: FakePrice): string => (price.recurring ? ` / ${price.recurring.interval}` : '');

export function makeLine(terms: LineTerms): FakeLine {
  const { price, quantity, subscription } = terms;
  const amount = terms.amount ?? price.unit_amount * quantity;
  const proration = { proration: terms.proration ?? false, proration_details: { credited_items: null } };
  return {
    id: newId('il'),
    object: 'line_item',
    amount,
    currency: price.currency,
    description: terms.description ?? `${quantity} × ${named(price)} (at ${priced(price)}${rhythm(price)})`,
    discount_amounts: [],
    discountable: !terms.proration,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: terms.metadata,
    parent: terms.item
      ? {
          invoice_item_details: null,
          subscription_item_details: { invoice_item: null, ...proration, subscription, subscription_item: terms.item },
          type: 'subscription_item_details',
        }
      : {
          invoice_item_details: { invoice_item: newId('ii'), ...proration, subscription },
          subscription_item_details: null,
          type: 'invoice_item_details',
        },
    period: { end: terms.period.end, start: terms.period.start },
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: price.id, product: price.product },
      type: 'price_details',
      unit_amount_decimal: price.unit_amount_decimal,
    },
    quantity,
    quantity_decimal: String(quantity),
    subscription,
    subtotal: amount,
    taxes: [],
  };
}

export interface InvoiceTerms {
  readonly customer: FakeCustomer;
  readonly subscription: FakeSubscription | null;
  readonly reason: FakeInvoice['billing_reason'];
  readonly lines: FakeLine[];
  readonly period: Period;
  readonly currency: string;
  readonly metadata?: Metadata;
  readonly finalizesAt: Seconds | null;
}

export function makeInvoice(created: Seconds, terms: InvoiceTerms): FakeInvoice {
  const id = newId('in');
  const { customer, subscription } = terms;
  const total = terms.lines.reduce((sum, { amount }) => sum + amount, 0);
  const due = Math.max(total, 0);
  const details = subscription && { metadata: { ...subscription.metadata }, subscription: subscription.id };
  return {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Fake account',
    account_tax_ids: null,
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: due,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: terms.finalizesAt,
    billing_reason: terms.reason,
    collection_method: 'charge_automatically',
    created,
    currency: terms.currency,
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: listOf(
      terms.lines.map((line) => ({ ...line, invoice: id })),
      `/v1/invoices/${id}/lines`,
    ),
    livemode: false,
    metadata: terms.metadata ?? {},
    next_payment_attempt: terms.finalizesAt,
    number: null,
    on_behalf_of: null,
    parent: details && { quote_details: null, subscription_details: details, type: 'subscription_details' },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: terms.period.end,
    period_start: terms.period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: created,
  };
}

export const makeInvoicePayment = (created: Seconds, invoice: FakeInvoice, paymentIntent: string): FakeInvoicePayment => ({
  id: newId('inpay'),
  object: 'invoice_payment',
  amount_paid: null,
  amount_requested: invoice.amount_due,
  created,
  currency: invoice.currency,
  invoice: invoice.id,
  is_default: true,
  livemode: false,
  payment: { payment_intent: paymentIntent, type: 'payment_intent' },
  status: 'open',
  status_transitions: { canceled_at: null, paid_at: null },
});
