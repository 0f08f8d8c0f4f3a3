import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import type { BillingAccount } from '../domain/billing-account';

export abstract class BillingAccounts {
  /** The brand's; null: it has none. */
  abstract find(brandId: BrandId): Promise<BillingAccount | null>;
  /** Held until the unit of work ends. */
  abstract hold(brandId: BrandId): Promise<BillingAccount | null>;
  abstract save(account: BillingAccount): Promise<void>;
  /** The brands that have one. */
  abstract brands(reach: AllBrands): Promise<BrandId[]>;
}
