import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, secondsAfter } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type ClaimedSubject, Inbox, type Outcome } from '../ports/inbox';

/** After so many tries in some three days, a payment belongs to nothing that concerns a license. */
const delays = [5, 60, 600, 3_600, 21_600, 86_400, 86_400];

/** Hands on what was told of a payment, once it is known for which purchase it was made. */
export class RedirectEvents extends Command<void> {
  constructor(
    readonly claimed: ClaimedSubject,
    /** null: nobody knows it yet. */
    readonly subject: string | null,
    readonly error: string | null,
  ) {
    super();
  }
}

@CommandHandler(RedirectEvents)
export class RedirectEventsHandler implements ICommandHandler<RedirectEvents> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly inbox: Inbox,
    private readonly clock: Clock,
  ) {}

  async execute({ claimed, subject, error }: RedirectEvents): Promise<void> {
    await this.work.run(claimed.brandId, async () => {
      if (!(await this.inbox.holds(claimed))) return;
      const at = this.clock.now();
      const outcomes = claimed.events.map(({ id, attempts }): Outcome => {
        if (subject !== null) return { id, status: 'waiting', error: null, nextAttemptAt: at, subject };
        const delay = delays[attempts];
        if (delay !== undefined) return { id, status: 'waiting', error, nextAttemptAt: secondsAfter(at, delay) };
        return error === null ? { id, status: 'ignored' } : { id, status: 'set_aside', error };
      });
      await this.inbox.settle(claimed, outcomes, at);
    });
  }
}
