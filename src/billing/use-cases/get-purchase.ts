import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { PurchaseState } from '../domain/purchase';

/** One purchase with its invoices and payments. @throws PurchaseNotFound */
export class GetPurchase extends Query<PurchaseState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
  ) {
    super();
  }
}
