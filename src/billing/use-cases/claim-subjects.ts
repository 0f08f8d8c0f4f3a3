import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AllBrands } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type ClaimedSubject, Inbox } from '../ports/inbox';

/** For so long a worker may look at a purchase: twice as long as the provider may take to answer. */
export const lookSeconds = 30;

/** Takes up to so many purchases about which the provider told something, each with all that was told. */
export class ClaimSubjects extends Command<ClaimedSubject[]> {
  constructor(
    readonly reach: AllBrands,
    readonly limit: number,
  ) {
    super();
  }
}

@CommandHandler(ClaimSubjects)
export class ClaimSubjectsHandler implements ICommandHandler<ClaimSubjects> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly inbox: Inbox,
    private readonly clock: Clock,
  ) {}

  execute({ reach, limit }: ClaimSubjects): Promise<ClaimedSubject[]> {
    return this.work.run(reach, () => this.inbox.claim(reach, limit, lookSeconds, this.clock.now()));
  }
}
