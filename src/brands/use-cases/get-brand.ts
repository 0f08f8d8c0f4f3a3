import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { BrandState } from '../domain/brand';

/** One tenant. @throws BrandNotFound */
export class GetBrand extends Query<BrandState> {
  constructor(readonly brandId: BrandId) {
    super();
  }
}
