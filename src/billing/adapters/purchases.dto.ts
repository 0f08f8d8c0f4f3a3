import { IsEmail, IsIn } from 'class-validator';
import { IsLine, Normalised, Optional } from '../../../libs/http/dto-rules';
import { PageQuery } from '../../../libs/http/paging';
import { publicId } from '../../../libs/kernel/id';
import type { DisputeState, InvoiceStatus, PurchaseKind, PurchaseStatus } from '../domain/facts';
import type { PurchaseState } from '../domain/purchase';

const statuses = ['incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'ended'] as const;

export class PurchasesQuery extends PageQuery {
  /** Of the customer with that address. @example "jane@example.com" */
  @Optional()
  @Normalised()
  @IsEmail(undefined, { message: '$property must be an e-mail address' })
  email?: string;

  /** Of the Stripe customer. @example "cus_QabcDEF" */
  @Optional()
  @IsLine(255)
  customer?: string;

  /** @example "active" */
  @Optional()
  @IsIn(statuses)
  status?: PurchaseStatus;
}

export class InvoiceObject {
  /** As Stripe names it. @example "in_1QabcDEF" */
  id!: string;
  /** `failed`: a try to collect it failed, or waits for the customer. @example "paid" */
  status!: InvoiceStatus;
  /** The end of the period that it pays for. @example "2026-12-23T12:00:00.000Z" */
  period_end!: string | null;
  /** In the smallest unit of the currency. @example 1000 */
  amount_due!: number;
  /** @example 1000 */
  amount_paid!: number;
  /** @example "usd" */
  currency!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
}

export class PaymentObject {
  /** As Stripe names it. @example "pi_3QabcDEF" */
  id!: string;
  /** All of it. @example false */
  refunded!: boolean;
  /** @example "none" */
  dispute!: DisputeState;
}

export class PurchaseObject {
  /** @example "pur_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** As Stripe names it. @example "sub_1QabcDEF" */
  reference!: string;
  /** @example "subscription" */
  kind!: PurchaseKind;
  /** @example "active" */
  status!: PurchaseStatus;
  /** Whether collecting is paused. @example false */
  paused!: boolean;
  /** Whether another period follows. @example true */
  renews!: boolean;
  /** As Stripe names it. @example "cus_QabcDEF" */
  customer_id!: string | null;
  /** @example "jane@example.com" */
  customer_email!: string | null;
  /** The plan that the checkout was for. @example "pro_monthly" */
  plan_code!: string | null;
  /** @example "price_1QabcDEF" */
  stripe_price_id!: string | null;
  /** @example 1 */
  quantity!: number;
  /** @example null */
  trial_end!: string | null;
  /** @example "2026-12-23T12:00:00.000Z" */
  period_end!: string | null;
  /** The key that was issued for it; null: none yet. @example "key_06efg00000e0082000000000000" */
  license_key_id!: string | null;
  invoices!: InvoiceObject[];
  payments!: PaymentObject[];
  /** When all of it was looked up at Stripe; null: it has to be. @example "2026-11-23T12:00:00.000Z" */
  looked_at!: string | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  updated_at!: string;
}

export const purchaseObject = (purchase: PurchaseState): PurchaseObject => ({
  id: publicId('purchase', purchase.id),
  brand_id: publicId('brand', purchase.brandId),
  reference: purchase.subject,
  kind: purchase.kind,
  status: purchase.status,
  paused: purchase.paused,
  renews: purchase.renews,
  customer_id: purchase.customerId,
  customer_email: purchase.customerEmail,
  plan_code: purchase.planCode,
  stripe_price_id: purchase.priceId,
  quantity: purchase.quantity,
  trial_end: purchase.trialEnd?.toISOString() ?? null,
  period_end: purchase.periodEnd?.toISOString() ?? null,
  license_key_id: purchase.licenseKeyId && publicId('licenseKey', purchase.licenseKeyId),
  invoices: purchase.invoices.map((invoice) => ({
    id: invoice.id,
    status: invoice.status,
    period_end: invoice.periodEnd?.toISOString() ?? null,
    amount_due: invoice.amountDue,
    amount_paid: invoice.amountPaid,
    currency: invoice.currency,
    created_at: invoice.createdAt.toISOString(),
  })),
  payments: purchase.payments.map(({ id, refunded, dispute }) => ({ id, refunded, dispute })),
  looked_at: purchase.lookedAt?.toISOString() ?? null,
  created_at: purchase.createdAt.toISOString(),
  updated_at: purchase.updatedAt.toISOString(),
});
