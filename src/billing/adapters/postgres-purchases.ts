import { Injectable } from '@nestjs/common';
import { type EntitySchema, In, IsNull, MoreThan, Not, type ObjectLiteral } from 'typeorm';
import { type BrandId, isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import type { PurchaseKind } from '../domain/facts';
import { Purchase, type PurchaseState } from '../domain/purchase';
import { Purchases } from '../ports/purchases';
import {
  type PartOf,
  purchaseInvoiceTable,
  purchasePaymentTable,
  type PurchaseRow,
  purchaseTable,
  wholePurchases,
} from './purchase-tables';

/** The compiler follows the JSON in a row for ever; what is written has the type of the row all the same. */
const written = purchaseTable as unknown as EntitySchema<ObjectLiteral>;

@Injectable()
export class PostgresPurchases implements Purchases {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async hold(brandId: BrandId, subject: string, kind: PurchaseKind, at: Date): Promise<Purchase> {
    return (await this.held(brandId, subject)) ?? this.made(brandId, subject, kind, at);
  }

  find(brandId: BrandId, id: string): Promise<PurchaseState | null> {
    return this.first({ brandId, id });
  }

  ofSubject(brandId: BrandId, subject: string): Promise<PurchaseState | null> {
    return this.first({ brandId, subject });
  }

  async ofPayment(brandId: BrandId, paymentId: string): Promise<PurchaseState | null> {
    const payment = await this.db.manager.findOne(purchasePaymentTable, {
      where: { brandId, id: paymentId },
      order: { purchaseId: 'ASC' },
    });
    return payment && this.first({ brandId, id: payment.purchaseId });
  }

  ofKey(brandId: BrandId, licenseKeyId: string): Promise<PurchaseState | null> {
    return this.first({ brandId, licenseKeyId });
  }

  async ofCustomer(brandId: BrandId, customerId: string): Promise<PurchaseState[]> {
    const rows = await this.db.manager.find(purchaseTable, { where: { brandId, customerId }, order: { id: 'ASC' } });
    return wholePurchases(this.db.manager, rows);
  }

  notLookedUp(reach: Reach, limit: number): Promise<{ brandId: BrandId; subject: string }[]> {
    const where = { lookedAt: IsNull(), ...(!isAllBrands(reach) && { brandId: reach }) };
    const order = { updatedAt: 'ASC', id: 'ASC' } as const;
    return this.db.manager.find(purchaseTable, { select: { brandId: true, subject: true }, where, order, take: limit });
  }

  async page(brandId: BrandId, after: string | null, limit: number): Promise<PurchaseState[]> {
    const where = { brandId, ...(after !== null && { subject: MoreThan(after) }) };
    const rows = await this.db.manager.find(purchaseTable, { where, order: { subject: 'ASC' }, take: limit });
    return wholePurchases(this.db.manager, rows);
  }

  async save(purchase: Purchase): Promise<void> {
    const { invoices, payments, ...row } = purchase.state;
    const part = { brandId: row.brandId, purchaseId: row.id };
    await this.db.manager.upsert(written, { ...row }, ['brandId', 'id']);
    await this.keep(purchaseInvoiceTable, invoices, part);
    await this.keep(purchasePaymentTable, payments, part);
    await this.outbox.record(purchase);
  }

  /** Those that are as they were are not written; those that a look no longer shows are gone. */
  private async keep<Thing extends object>(
    table: EntitySchema<PartOf<Thing>>,
    things: readonly Thing[],
    part: PartOf<object>,
  ): Promise<void> {
    const present = (things as readonly { id: string }[]).map(({ id }) => id);
    await this.db.manager.delete(table, { ...part, id: Not(In(present)) });
    if (things.length === 0) return;
    const rows = things.map((thing) => ({ ...thing, ...part }));
    await this.db.manager.upsert(table, rows, {
      conflictPaths: ['brandId', 'purchaseId', 'id'] as never,
      skipUpdateIfNoValuesChanged: true,
    });
  }

  private async held(brandId: BrandId, subject: string): Promise<Purchase | null> {
    const row = await this.db.manager.findOne(purchaseTable, { where: { brandId, subject }, lock: { mode: 'pessimistic_write' } });
    return row && new Purchase((await wholePurchases(this.db.manager, [row]))[0]!);
  }

  /** Whoever comes second waits for the first to finish, and holds what that one has made. */
  private async made(brandId: BrandId, subject: string, kind: PurchaseKind, at: Date): Promise<Purchase> {
    const { invoices, payments, ...row } = Purchase.of(brandId, subject, kind, at).state;
    await this.db.manager.createQueryBuilder().insert().into(written).values(row).orIgnore().execute();
    return (await this.held(brandId, subject))!;
  }

  private async first(where: Partial<Pick<PurchaseRow, 'id' | 'subject' | 'licenseKeyId'>> & { brandId: BrandId }) {
    const rows = await this.db.manager.find(purchaseTable, { where: where as never, order: { id: 'ASC' }, take: 1 });
    return (await wholePurchases(this.db.manager, rows))[0] ?? null;
  }
}
