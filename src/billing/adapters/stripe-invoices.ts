import type { Buyer, Invoice, InvoiceStatus, News } from '../domain/facts';
import { Given } from './stripe-shapes';
import { latestOf } from './stripe-subscriptions';

const statuses = ['draft', 'open', 'uncollectible', 'void', 'paid'] as const;
const mostMoney = 1e15;

/** What an invoice says of its subscription; null: it is of none. */
export function newsOfInvoice(invoice: Given, asOf: Date, failed: boolean): News | null {
  const subject = subscriptionOf(invoice);
  if (subject === null) return null;
  const news = { subject, kind: 'subscription', asOf, whole: false, terms: null, planCode: null, payments: [] } as const;
  return { ...news, buyer: buyerOf(invoice), invoices: [invoiceOf(invoice, failed)] };
}

/** Since 2025-03 the subscription stands in `parent`. */
export const subscriptionOf = (invoice: Given): string | null =>
  invoice.inner('parent')?.inner('subscription_details')?.id('subscription', 'sub') ?? invoice.id('subscription', 'sub');

/** `failed`: whether it is known that a try to collect it failed, or waits for the customer. */
export function invoiceOf(invoice: Given, failed: boolean): Invoice {
  const status = invoice.must('status', invoice.one('status', statuses));
  const money = (name: string): number => invoice.whole(name, -mostMoney, mostMoney) ?? 0;
  return {
    id: invoice.must('id', invoice.id('id', 'in')),
    status: status === 'open' && failed ? 'failed' : (status satisfies InvoiceStatus),
    periodEnd: periodEndOf(invoice),
    amountDue: money('amount_due'),
    amountPaid: money('amount_paid'),
    currency: currencyOf(invoice),
    actionUrl: invoice.link('hosted_invoice_url'),
    createdAt: invoice.must('created', invoice.instant('created')),
  };
}

/** The payments that brought the money of an invoice. A charge is named where it came without a payment intent. */
export const paymentsOf = (invoice: Given): string[] =>
  invoice.list('payments').flatMap((each) => {
    const payment = each.text('status') === 'paid' ? each.inner('payment') : null;
    return payment?.id('payment_intent', 'pi') ?? payment?.id('charge') ?? [];
  });

/** The end of what its lines pay for. Lines that are not of the subscription itself count only where there is no other. */
function periodEndOf(invoice: Given): Date | null {
  const lines = invoice.list('lines');
  const own = lines.filter((line) => (line.inner('parent')?.text('type') ?? line.text('type'))?.startsWith('subscription'));
  const ends = (own.length > 0 ? own : lines).flatMap((line) => line.inner('period')?.instant('end') ?? []);
  return latestOf(ends) ?? invoice.instant('period_end');
}

function currencyOf(invoice: Given): string {
  const currency = invoice.text('currency', 3)?.toLowerCase() ?? '';
  return invoice.must('currency', /^[a-z]{3}$/.test(currency) ? currency : null);
}

function buyerOf(invoice: Given): Buyer | null {
  const id = invoice.id('customer');
  return id === null ? null : { id, email: invoice.email('customer_email'), name: invoice.shown('customer_name') };
}
