import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { PlanState } from '../domain/plan';

/** What a pricing page shows: the plans that are not archived, in the order in which they were made; up to a hundred. */
export class ListOffers extends Query<readonly PlanState[]> {
  constructor(readonly brandId: BrandId) {
    super();
  }
}
