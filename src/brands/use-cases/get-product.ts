import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { ProductState } from '../domain/product';

/** One product, by public id or code. @throws ProductNotFound */
export class GetProduct extends Query<ProductState> {
  constructor(
    readonly brandId: BrandId,
    readonly idOrCode: string,
  ) {
    super();
  }
}
