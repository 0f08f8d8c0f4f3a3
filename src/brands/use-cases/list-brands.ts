import { Query } from '@nestjs/cqrs';
import type { AllBrands } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { BrandState } from '../domain/brand';

/** All tenants, newest first. */
export class ListBrands extends Query<Page<BrandState>> {
  constructor(
    readonly reach: AllBrands,
    readonly cut: Cut,
  ) {
    super();
  }
}
