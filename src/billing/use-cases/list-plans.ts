import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { PlanState } from '../domain/plan';

/** All plans of a brand, archived ones too, newest first. */
export class ListPlans extends Query<Page<PlanState>> {
  constructor(
    readonly brandId: BrandId,
    readonly cut: Cut,
  ) {
    super();
  }
}
