import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AllBrands } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type Claimed, Deliveries } from '../ports/deliveries';

/** Says that the sender of these lives and is still at it. */
export class RenewClaims extends Command<void> {
  constructor(
    readonly reach: AllBrands,
    readonly claimed: readonly Claimed[],
  ) {
    super();
  }
}

@CommandHandler(RenewClaims)
export class RenewClaimsHandler implements ICommandHandler<RenewClaims> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  execute({ reach, claimed }: RenewClaims): Promise<void> {
    return this.work.run(reach, () => this.deliveries.renew(reach, claimed, this.clock.now()));
  }
}
