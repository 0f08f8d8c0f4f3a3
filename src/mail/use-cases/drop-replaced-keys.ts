import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { Mails } from '../ports/mails';

/** Forgets a license key in mails that were asked for before it was replaced: nobody should be sent one that works no longer. */
export class DropReplacedKeys extends Command<void> {
  constructor(
    readonly brandId: BrandId,
    readonly licenseKeyId: string,
    readonly replacedAt: Date,
  ) {
    super();
  }
}

@CommandHandler(DropReplacedKeys)
export class DropReplacedKeysHandler implements ICommandHandler<DropReplacedKeys> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly mails: Mails,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, licenseKeyId, replacedAt }: DropReplacedKeys): Promise<void> {
    return this.work.run(brandId, async () => {
      for (const mail of await this.mails.holdWithKey(brandId, licenseKeyId)) {
        if (mail.state.createdAt >= replacedAt) continue;
        mail.keyReplaced(this.clock.now());
        await this.mails.save(mail);
      }
    });
  }
}
