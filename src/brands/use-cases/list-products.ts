import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { ProductState } from '../domain/product';

/** What a brand sells, newest first. */
export class ListProducts extends Query<Page<ProductState>> {
  constructor(
    readonly brandId: BrandId,
    readonly cut: Cut,
  ) {
    super();
  }
}
