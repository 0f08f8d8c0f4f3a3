import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ProviderEventNotFound } from '../domain/errors';
import { Replay } from '../domain/replay';
import { Inbox, type InboxEvent } from '../ports/inbox';

/** Has an event of the provider processed once more, as if it had come just now. What cannot be read or concerns no license stays as it is. */
export class ReplayProviderEvent extends Command<InboxEvent> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
  ) {
    super();
  }
}

@CommandHandler(ReplayProviderEvent)
export class ReplayProviderEventHandler implements ICommandHandler<ReplayProviderEvent> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly inbox: Inbox,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id }: ReplayProviderEvent): Promise<InboxEvent> {
    return this.work.run(brandId, async () => {
      const event = await this.inbox.find(brandId, id);
      if (!event) throw new ProviderEventNotFound();
      if (event.subject !== null) await this.inbox.replay(Replay.of(event, this.clock.now()), this.clock.now());
      return (await this.inbox.find(brandId, id))!;
    });
  }
}
