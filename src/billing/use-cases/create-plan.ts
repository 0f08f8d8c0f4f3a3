import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ProductCatalogue } from '../../brands';
import { type NewPlan, Plan, type PlanState } from '../domain/plan';
import { Plans } from '../ports/plans';
import { knownGrants } from './known-grants';

/** Adds a plan to what a brand sells. */
export class CreatePlan extends Command<PlanState> {
  constructor(
    readonly brandId: BrandId,
    readonly asked: NewPlan,
  ) {
    super();
  }
}

@CommandHandler(CreatePlan)
export class CreatePlanHandler implements ICommandHandler<CreatePlan> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly plans: Plans,
    private readonly products: ProductCatalogue,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, asked }: CreatePlan): Promise<PlanState> {
    return this.work.run(brandId, async () => {
      const grants = await knownGrants(this.products, brandId, asked.grants);
      const plan = Plan.create(brandId, { ...asked, grants }, this.clock.now());
      await this.plans.save(plan);
      return plan.state;
    });
  }
}
