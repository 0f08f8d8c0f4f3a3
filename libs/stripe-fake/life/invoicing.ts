import { ApiError } from '../objects/api-error';
import type { Ledger } from './ledger';
import { type InvoiceTerms, makeInvoice, makeInvoicePayment } from '../objects/make-invoice';
import type { Card, FakeInvoice, FakePaymentIntent } from '../objects/objects';
import { openPayment, tryCard } from './payments';
import { day } from './timeline';

/** How long after a failure the card is tried again. */
const waits = [3 * day, 5 * day, 7 * day];

export function draftInvoice(ledger: Ledger, terms: InvoiceTerms): FakeInvoice {
  const invoice = ledger.add(ledger.invoices, makeInvoice(ledger.now(), terms), 'invoice.created');
  if (terms.subscription) ledger.alter(terms.subscription, { latest_invoice: invoice.id });
  return invoice;
}

/** Gives the invoice its number; from here on it is owed. */
export function finalizeInvoice(ledger: Ledger, invoice: FakeInvoice): void {
  const customer = ledger.get(ledger.customers, invoice.customer);
  const sequence = customer.next_invoice_sequence ?? 1;
  const credit = Math.min(Math.max(-customer.balance, 0), Math.max(invoice.total, 0));
  const balance = invoice.total < 0 ? customer.balance + invoice.total : customer.balance + credit;
  const due = Math.max(invoice.total, 0) - credit;
  ledger.alter(invoice, {
    status: 'open',
    number: `${customer.invoice_prefix}-${String(sequence).padStart(4, '0')}`,
    starting_balance: customer.balance,
    ending_balance: balance,
    amount_due: due,
    amount_remaining: due,
    automatically_finalizes_at: null,
    next_payment_attempt: null,
    effective_at: ledger.now(),
    hosted_invoice_url: `${ledger.url}/invoices/${invoice.id}`,
    invoice_pdf: `${ledger.url}/invoices/${invoice.id}`,
    status_transitions: { ...invoice.status_transitions, finalized_at: ledger.now() },
  });
  ledger.alter(customer, { next_invoice_sequence: sequence + 1, balance, currency: invoice.currency });
  ledger.tell('invoice.finalized', invoice);
}

/** Takes the money of a finalized invoice; true when nothing is owed any more. */
export function collectInvoice(
  ledger: Ledger,
  invoice: FakeInvoice,
  card: Card,
  present: boolean,
  begun?: FakePaymentIntent | null,
): boolean {
  if (invoice.amount_due === 0) {
    markPaid(ledger, invoice);
    return true;
  }
  const intent = intentOf(ledger, invoice, present, begun ?? null);
  const paid = tryCard(ledger, intent, card, present);
  ledger.alter(invoice, { attempted: true, attempt_count: invoice.attempt_count + 1 });
  if (paid) markPaid(ledger, invoice);
  else markFailed(ledger, invoice, card);
  return paid;
}

function intentOf(ledger: Ledger, invoice: FakeInvoice, present: boolean, begun: FakePaymentIntent | null): FakePaymentIntent {
  const known = ledger.paymentsOf(invoice.id).at(-1);
  if (known) return ledger.get(ledger.paymentIntents, known.payment.payment_intent);
  const intent = begun ?? openPayment(ledger, termsOf(ledger, invoice, present));
  ledger.add(ledger.invoicePayments, makeInvoicePayment(ledger.now(), invoice, intent.id));
  return intent;
}

function termsOf(ledger: Ledger, invoice: FakeInvoice, present: boolean) {
  const { customer, currency } = invoice;
  const { email, invoice_settings } = ledger.get(ledger.customers, customer);
  const description = invoice.billing_reason === 'subscription_create' ? 'Subscription creation' : 'Subscription update';
  const paymentMethod = invoice_settings.default_payment_method;
  return { amount: invoice.amount_due, currency, customer, email, description, paymentMethod, metadata: {}, offSession: !present };
}

function markPaid(ledger: Ledger, invoice: FakeInvoice): void {
  const at = ledger.now();
  ledger.alter(invoice, {
    status: 'paid',
    attempted: true,
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: at },
  });
  ledger.tell('invoice.paid', invoice);
  ledger.tell('invoice.payment_succeeded', invoice);
  const payment = ledger.paymentsOf(invoice.id).at(-1);
  if (!payment) return;
  const paid = { status: 'paid', amount_paid: invoice.amount_due, status_transitions: { canceled_at: null, paid_at: at } } as const;
  ledger.change(payment, paid, 'invoice_payment.paid');
}

/** The next try waits longer each time; after the last one there is none. */
function markFailed(ledger: Ledger, invoice: FakeInvoice, card: Card): void {
  const first = invoice.billing_reason === 'subscription_create';
  const wait = first ? undefined : waits[invoice.attempt_count - 1];
  ledger.alter(invoice, { next_payment_attempt: wait === undefined ? null : ledger.now() + wait });
  if (card === 'needs_action') ledger.tell('invoice.payment_action_required', invoice);
  ledger.tell('invoice.payment_failed', invoice);
}

export function voidInvoice(ledger: Ledger, invoice: FakeInvoice): void {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw new ApiError(400, `You can only void an open invoice; this one is ${invoice.status}.`, { code: 'status_transition_invalid' });
  }
  const status_transitions = { ...invoice.status_transitions, voided_at: ledger.now() };
  ledger.change(
    invoice,
    { status: 'void', amount_remaining: 0, next_payment_attempt: null, auto_advance: false, status_transitions },
    'invoice.voided',
  );
}

export function giveUpInvoice(ledger: Ledger, invoice: FakeInvoice): void {
  const status_transitions = { ...invoice.status_transitions, marked_uncollectible_at: ledger.now() };
  ledger.change(
    invoice,
    { status: 'uncollectible', next_payment_attempt: null, auto_advance: false, status_transitions },
    'invoice.marked_uncollectible',
  );
}

/** Nobody asks for it any more by himself; it can still be paid. */
export const restInvoice = (ledger: Ledger, invoice: FakeInvoice): void =>
  ledger.change(invoice, { auto_advance: false, next_payment_attempt: null, automatically_finalizes_at: null }, 'invoice.updated');
