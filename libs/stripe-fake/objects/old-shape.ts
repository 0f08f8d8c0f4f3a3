import type {
  FakeCharge,
  FakeInvoice,
  FakeInvoicePayment,
  FakeLine,
  FakePaymentIntent,
  FakePrice,
  FakeSubscription,
  FakeSubscriptionItem,
} from './objects';
import { planOf } from './make-catalogue';

/** Where the links are that objects of the old shape carry themselves. */
export interface Links {
  paymentsOf(invoice: string): FakeInvoicePayment[];
  invoiceOf(paymentIntent: string): string | null;
  readonly paymentIntents: ReadonlyMap<string, FakePaymentIntent>;
  readonly prices: ReadonlyMap<string, FakePrice>;
}

/** Events that older endpoints never saw. */
export const unknownToOld = (type: string): boolean => type.startsWith('invoice_payment.');

/** An object as the API showed it before 2025-03-31. */
export function toOldShape(object: { object: string }, links: Links): object {
  if (object.object === 'subscription') return oldSubscription(object as FakeSubscription);
  if (object.object === 'invoice') return oldInvoice(object as FakeInvoice, links);
  if (object.object === 'charge') return { ...object, invoice: links.invoiceOf((object as FakeCharge).payment_intent) };
  if (object.object === 'payment_intent') return { ...object, invoice: links.invoiceOf((object as FakePaymentIntent).id) };
  if (object.object === 'checkout.session') return { ...object, ui_mode: 'hosted' };
  return object;
}

function oldSubscription(subscription: FakeSubscription): object {
  const { billing_mode, billing_schedules, managed_payments, customer_account, ...kept } = subscription;
  const [first, ...others] = subscription.items.data;
  return {
    ...kept,
    current_period_end: first?.current_period_end ?? null,
    current_period_start: first?.current_period_start ?? null,
    discount: null,
    items: { ...subscription.items, data: subscription.items.data.map(oldItem), total_count: subscription.items.data.length },
    plan: first && others.length === 0 ? first.plan : null,
    quantity: first && others.length === 0 ? first.quantity : null,
  };
}

const oldItem = ({ current_period_end, current_period_start, current_trial, ...kept }: FakeSubscriptionItem): object => kept;

function oldInvoice(invoice: FakeInvoice, links: Links): object {
  const { parent, total_taxes, total_pretax_credit_amounts, amount_overpaid, payments, ...kept } = invoice;
  const details = parent?.subscription_details ?? null;
  const intent = links.paymentsOf(invoice.id).at(-1)?.payment.payment_intent ?? null;
  return {
    ...kept,
    charge: (intent && links.paymentIntents.get(intent)?.latest_charge) ?? null,
    discount: null,
    lines: { ...invoice.lines, data: invoice.lines.data.map((line) => oldLine(line, links)) },
    paid: invoice.status === 'paid',
    paid_out_of_band: false,
    payment_intent: intent,
    quote: null,
    subscription: details?.subscription ?? null,
    subscription_details: details && { metadata: details.metadata },
    tax: null,
    total_tax_amounts: [],
  };
}

function oldLine(line: FakeLine, links: Links): object {
  const { parent, pricing, taxes, invoice, pretax_credit_amounts, quantity_decimal, subtotal, ...kept } = line;
  const item = parent.subscription_item_details;
  const price = links.prices.get(pricing.price_details.price) ?? null;
  return {
    ...kept,
    amount_excluding_tax: line.amount,
    plan: price?.recurring ? planOf(price) : null,
    price,
    proration: item?.proration ?? parent.invoice_item_details?.proration ?? false,
    proration_details: { credited_items: null },
    subscription_item: item?.subscription_item ?? null,
    tax_amounts: [],
    tax_rates: [],
    type: item ? 'subscription' : 'invoiceitem',
    unit_amount_excluding_tax: pricing.unit_amount_decimal,
  };
}
