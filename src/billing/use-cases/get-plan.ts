import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { PlanState } from '../domain/plan';

/** One plan, archived or not, by public id or code. @throws PlanNotFound */
export class GetPlan extends Query<PlanState> {
  constructor(
    readonly brandId: BrandId,
    readonly idOrCode: string,
  ) {
    super();
  }
}
