import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ProductCatalogue } from '../../brands';
import { PlanNotFound } from '../domain/errors';
import type { PlanChange, PlanState } from '../domain/plan';
import { Plans } from '../ports/plans';
import { knownGrants } from './known-grants';

/** Changes a plan for those who buy from now on, or archives it. */
export class UpdatePlan extends Command<PlanState> {
  constructor(
    readonly brandId: BrandId,
    readonly idOrCode: string,
    readonly change: PlanChange,
  ) {
    super();
  }
}

@CommandHandler(UpdatePlan)
export class UpdatePlanHandler implements ICommandHandler<UpdatePlan> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly plans: Plans,
    private readonly products: ProductCatalogue,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, idOrCode, change }: UpdatePlan): Promise<PlanState> {
    return this.work.run(brandId, async () => {
      const plan = await this.plans.hold(brandId, idOrCode);
      if (!plan) throw new PlanNotFound();
      const grants = change.grants && (await knownGrants(this.products, brandId, change.grants));
      plan.update({ ...change, ...(grants && { grants }) }, this.clock.now());
      await this.plans.save(plan);
      return plan.state;
    });
  }
}
