import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { PurchaseStatus } from '../domain/facts';
import type { PurchaseState } from '../domain/purchase';

export interface PurchaseFilter {
  readonly customerEmail?: string;
  /** As the provider names him. */
  readonly customerId?: string;
  readonly status?: PurchaseStatus;
}

/** What was bought of a brand, newest first. */
export class ListPurchases extends Query<Page<PurchaseState>> {
  constructor(
    readonly brandId: BrandId,
    readonly filter: PurchaseFilter,
    readonly cut: Cut,
  ) {
    super();
  }
}
