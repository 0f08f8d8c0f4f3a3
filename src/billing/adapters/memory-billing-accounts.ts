import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { BillingAccount, type BillingAccountState } from '../domain/billing-account';
import { BillingAccounts } from '../ports/billing-accounts';

export class MemoryBillingAccounts implements BillingAccounts {
  private readonly rows = new Map<BrandId, BillingAccountState>();

  async find(brandId: BrandId): Promise<BillingAccount | null> {
    const row = this.rows.get(brandId);
    return row ? new BillingAccount(row) : null;
  }

  hold(brandId: BrandId): Promise<BillingAccount | null> {
    return this.find(brandId);
  }

  async save({ state }: BillingAccount): Promise<void> {
    this.rows.set(state.brandId, state);
  }

  async brands(_reach: AllBrands): Promise<BrandId[]> {
    return [...this.rows.keys()].sort();
  }
}
