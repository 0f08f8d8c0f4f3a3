import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { MailSettingsState } from '../domain/mail-settings';

/** How the mails of a brand look; null: nobody has set anything. */
export class GetMailSettings extends Query<MailSettingsState | null> {
  constructor(readonly brandId: BrandId) {
    super();
  }
}
