import { type BrandId, isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import type { PurchaseKind } from '../domain/facts';
import { Purchase, type PurchaseState } from '../domain/purchase';
import { Purchases } from '../ports/purchases';

export class MemoryPurchases implements Purchases {
  private readonly rows = new Map<string, PurchaseState>();

  async hold(brandId: BrandId, subject: string, kind: PurchaseKind, at: Date): Promise<Purchase> {
    const row = await this.ofSubject(brandId, subject);
    if (row) return new Purchase(row);
    const { state } = Purchase.of(brandId, subject, kind, at);
    this.rows.set(state.id, state);
    return new Purchase(state);
  }

  find(brandId: BrandId, id: string): Promise<PurchaseState | null> {
    return this.first(brandId, (row) => row.id === id);
  }

  ofSubject(brandId: BrandId, subject: string): Promise<PurchaseState | null> {
    return this.first(brandId, (row) => row.subject === subject);
  }

  ofPayment(brandId: BrandId, paymentId: string): Promise<PurchaseState | null> {
    return this.first(brandId, ({ payments }) => payments.some(({ id }) => id === paymentId));
  }

  ofKey(brandId: BrandId, licenseKeyId: string): Promise<PurchaseState | null> {
    return this.first(brandId, (row) => row.licenseKeyId === licenseKeyId);
  }

  async ofCustomer(brandId: BrandId, customerId: string): Promise<PurchaseState[]> {
    return this.of(brandId).filter((row) => row.customerId === customerId);
  }

  async notLookedUp(reach: Reach, limit: number): Promise<{ brandId: BrandId; subject: string }[]> {
    return (isAllBrands(reach) ? [...this.rows.values()] : this.of(reach))
      .filter(({ lookedAt }) => lookedAt === null)
      .sort((one, other) => one.updatedAt.getTime() - other.updatedAt.getTime() || (one.id < other.id ? -1 : 1))
      .slice(0, limit)
      .map(({ brandId, subject }) => ({ brandId, subject }));
  }

  async page(brandId: BrandId, after: string | null, limit: number): Promise<PurchaseState[]> {
    return this.of(brandId)
      .filter(({ subject }) => after === null || subject > after)
      .sort((one, other) => (one.subject < other.subject ? -1 : 1))
      .slice(0, limit);
  }

  async save({ state }: Purchase): Promise<void> {
    const [invoices, payments] = [byId(state.invoices), byId(state.payments)];
    this.rows.set(state.id, { ...state, invoices, payments });
  }

  private async first(brandId: BrandId, is: (row: PurchaseState) => boolean): Promise<PurchaseState | null> {
    return this.of(brandId).find(is) ?? null;
  }

  private of(brandId: BrandId): PurchaseState[] {
    return [...this.rows.values()].filter((row) => row.brandId === brandId).sort((one, other) => (one.id < other.id ? -1 : 1));
  }
}

const byId = <Thing extends { readonly id: string }>(things: readonly Thing[]): Thing[] =>
  [...things].sort((one, other) => (one.id < other.id ? -1 : 1));
