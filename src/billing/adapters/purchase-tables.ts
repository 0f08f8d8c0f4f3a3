import { type EntityManager, EntitySchema, In } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Invoice, Payment } from '../domain/facts';
import type { PurchaseState } from '../domain/purchase';

/** A purchase without what has tables of its own. */
export type PurchaseRow = Omit<PurchaseState, 'invoices' | 'payments'>;
/** Of which purchase it is. */
export type PartOf<Thing> = Thing & { readonly brandId: BrandId; readonly purchaseId: string };

export const purchaseTable = new EntitySchema<PurchaseRow>({
  name: 'billing_purchase',
  tableName: 'billing_purchases',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    subject: { type: 'text' },
    kind: { type: 'text' },
    customerId: { type: 'text', nullable: true },
    customerEmail: { type: 'text', nullable: true },
    planCode: { type: 'text', nullable: true },
    status: { type: 'text' },
    paused: { type: 'bool' },
    renews: { type: 'bool' },
    priceId: { type: 'text', nullable: true },
    quantity: { type: 'int' },
    trialEnd: { type: 'timestamptz', nullable: true },
    periodEnd: { type: 'timestamptz', nullable: true },
    endedAt: { type: 'timestamptz', nullable: true },
    asOf: { type: 'timestamptz' },
    lookedAt: { type: 'timestamptz', nullable: true },
    licenseKeyId: { type: 'uuid', nullable: true },
    done: { type: 'jsonb', nullable: true },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
  },
});

/** PostgreSQL answers it as text, as it may be more than a number can hold; no price is. */
const amount = { type: 'bigint', transformer: { from: Number, to: (value: number) => value } } as const;

export const purchaseInvoiceTable = new EntitySchema<PartOf<Invoice>>({
  name: 'billing_invoice',
  tableName: 'billing_invoices',
  columns: {
    brandId: { type: 'uuid', primary: true },
    purchaseId: { type: 'uuid', primary: true },
    id: { type: 'text', primary: true },
    status: { type: 'text' },
    periodEnd: { type: 'timestamptz', nullable: true },
    amountDue: amount,
    amountPaid: amount,
    currency: { type: 'text' },
    actionUrl: { type: 'text', nullable: true },
    createdAt: { type: 'timestamptz' },
  },
});

export const purchasePaymentTable = new EntitySchema<PartOf<Payment>>({
  name: 'billing_payment',
  tableName: 'billing_payments',
  columns: {
    brandId: { type: 'uuid', primary: true },
    purchaseId: { type: 'uuid', primary: true },
    id: { type: 'text', primary: true },
    refunded: { type: 'bool' },
    dispute: { type: 'text' },
  },
});

/** The purchases, in their order, with what was told of their invoices and payments. */
export async function wholePurchases(manager: EntityManager, rows: readonly PurchaseRow[]): Promise<PurchaseState[]> {
  if (rows.length === 0) return [];
  const where = { brandId: rows[0]!.brandId, purchaseId: In(rows.map(({ id }) => id)) };
  const invoices = partsOf(await manager.find(purchaseInvoiceTable, { where, order: { id: 'ASC' } }));
  const payments = partsOf(await manager.find(purchasePaymentTable, { where, order: { id: 'ASC' } }));
  return rows.map((row) => ({ ...row, invoices: invoices.get(row.id) ?? [], payments: payments.get(row.id) ?? [] }));
}

function partsOf<Thing>(parts: readonly PartOf<Thing>[]): Map<string, Thing[]> {
  const all = new Map<string, Thing[]>();
  for (const { brandId, purchaseId, ...thing } of parts) all.set(purchaseId, [...(all.get(purchaseId) ?? []), thing as Thing]);
  return all;
}
