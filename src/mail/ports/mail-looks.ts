import type { BrandId } from '../../../libs/kernel/brand-id';
import type { MailSettings, MailSettingsState } from '../domain/mail-settings';

/** What brands have set about their mails; null when nobody has set anything. */
export abstract class MailLooks {
  abstract find(brandId: BrandId): Promise<MailSettingsState | null>;
  /** Held until the unit of work ends. */
  abstract hold(brandId: BrandId): Promise<MailSettings | null>;
  abstract save(settings: MailSettings): Promise<void>;
}
