import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { MailStatus, Outcome } from '../domain/mail';
import { type Claimed, Mails } from '../ports/mails';

/** Writes down what became of an attempt. Answers how the mail stands; null: it was not the sender's any more. */
export class SettleMail extends Command<MailStatus | null> {
  constructor(
    readonly claimed: Claimed,
    readonly outcome: Outcome,
  ) {
    super();
  }
}

@CommandHandler(SettleMail)
export class SettleMailHandler implements ICommandHandler<SettleMail> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly mails: Mails,
    private readonly clock: Clock,
  ) {}

  execute({ claimed: { brandId, id, lease }, outcome }: SettleMail): Promise<MailStatus | null> {
    return this.work.run(brandId, async () => {
      const mail = await this.mails.hold(brandId, id);
      if (!mail?.isHeldBy(lease)) return null;
      mail.answered(outcome, this.clock.now());
      await this.mails.save(mail);
      return mail.state.status;
    });
  }
}
