import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AllBrands } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type Claimed, Deliveries, type Room } from '../ports/deliveries';

/** Takes on what is due, over all brands; whoever dies over it has it only for the time of the lease. */
export class ClaimDeliveries extends Command<Claimed[]> {
  constructor(
    readonly reach: AllBrands,
    readonly room: Room,
  ) {
    super();
  }
}

@CommandHandler(ClaimDeliveries)
export class ClaimDeliveriesHandler implements ICommandHandler<ClaimDeliveries> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  execute({ reach, room }: ClaimDeliveries): Promise<Claimed[]> {
    return this.work.run(reach, () => this.deliveries.claim(reach, room, this.clock.now()));
  }
}
