import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type ClaimedSubject, Inbox } from '../ports/inbox';
import { lookSeconds } from './claim-subjects';

/** Takes one purchase to look at, whether or not anything was told about it; null while somebody else looks at it. */
export class LeaseSubject extends Command<ClaimedSubject | null> {
  constructor(
    readonly brandId: BrandId,
    readonly subject: string,
  ) {
    super();
  }
}

@CommandHandler(LeaseSubject)
export class LeaseSubjectHandler implements ICommandHandler<LeaseSubject> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly inbox: Inbox,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, subject }: LeaseSubject): Promise<ClaimedSubject | null> {
    return this.work.run(brandId, () => this.inbox.lease(brandId, subject, lookSeconds, this.clock.now()));
  }
}
