import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type MailLook, MailSettings, type MailSettingsState } from '../domain/mail-settings';
import { MailLooks } from '../ports/mail-looks';

/** Says how the mails of a brand look from now on, those that wait included. */
export class SetMailSettings extends Command<MailSettingsState> {
  constructor(
    readonly brandId: BrandId,
    readonly look: MailLook,
  ) {
    super();
  }
}

@CommandHandler(SetMailSettings)
export class SetMailSettingsHandler implements ICommandHandler<SetMailSettings> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly looks: MailLooks,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, look }: SetMailSettings): Promise<MailSettingsState> {
    return this.work.run(brandId, async () => {
      const at = this.clock.now();
      const settings = (await this.looks.hold(brandId)) ?? MailSettings.untouched(brandId, at);
      settings.become(look, at);
      if (settings.changes.length > 0) await this.looks.save(settings);
      return settings.state;
    });
  }
}
