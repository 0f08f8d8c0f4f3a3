import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { IssuingDesk, type Provisioned, ProvisionLicenses } from '../../licenses';
import { PlanNotFound } from '../domain/errors';
import { ensureQuantityPossible } from '../domain/plan-rules';
import { endOfTerm } from '../domain/term';
import { Plans } from '../ports/plans';
import { grantsOf } from './granting';
import { Letters } from './letters';

/** What support gives away, and to whom. */
export interface Gift {
  /** Its code or public id. */
  readonly plan: string;
  readonly customerEmail: string;
  readonly quantity: number;
  /** null: never. Absent: after one term of the plan. */
  readonly expiresAt?: Date | null;
  /** Kept with the licenses. */
  readonly reason: string | undefined;
}

/** The key itself is told to the customer alone. */
export type Granted = Pick<Provisioned, 'licenseKey' | 'licenses'>;

/** Gives a customer a plan that nobody pays for: a key of its own, which is mailed to him. */
export class GrantPlan extends Command<Granted> {
  constructor(
    readonly brandId: BrandId,
    readonly gift: Gift,
  ) {
    super();
  }
}

@CommandHandler(GrantPlan)
export class GrantPlanHandler implements ICommandHandler<GrantPlan> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly plans: Plans,
    private readonly issuing: IssuingDesk,
    private readonly letters: Letters,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, gift }: GrantPlan): Promise<Granted> {
    return this.work.run(brandId, async () => {
      const plan = await this.plans.find(brandId, gift.plan);
      if (!plan) throw new PlanNotFound();
      ensureQuantityPossible(plan, gift.quantity);
      const { expiresAt = endOfTerm(plan.interval, this.clock.now()) } = gift;
      const terms = {
        expiresAt,
        graceDays: plan.graceDays,
        renews: false,
        origin: { by: 'support', plan: plan.code, reference: null },
        ...(gift.reason !== undefined && { metadata: { reason: gift.reason } }),
      } as const;
      const asked = new ProvisionLicenses(brandId, gift.customerEmail, null, grantsOf(plan, gift.quantity, terms));
      const { licenseKey, key, licenses } = await this.issuing.provision(asked);
      await this.letters.keyIssued(plan, licenseKey.customerEmail, expiresAt, { id: licenseKey.id, text: key! });
      return { licenseKey, licenses };
    });
  }
}
