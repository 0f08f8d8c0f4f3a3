import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { MailNotFound } from '../domain/errors';
import type { MailState } from '../domain/mail';
import { Mails } from '../ports/mails';

/** Sends a mail at once that waits or has failed. */
export class RetryMail extends Command<MailState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
  ) {
    super();
  }
}

@CommandHandler(RetryMail)
export class RetryMailHandler implements ICommandHandler<RetryMail> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly mails: Mails,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id }: RetryMail): Promise<MailState> {
    return this.work.run(brandId, async () => {
      const mail = await this.mails.hold(brandId, id);
      if (!mail) throw new MailNotFound();
      mail.retry(this.clock.now());
      await this.mails.save(mail);
      return mail.state;
    });
  }
}
