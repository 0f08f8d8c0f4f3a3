import type { BrandId } from '../../../libs/kernel/brand-id';
import { MailSettings, type MailSettingsState } from '../domain/mail-settings';
import { MailLooks } from '../ports/mail-looks';

export class MemoryMailLooks implements MailLooks {
  private readonly rows = new Map<BrandId, MailSettingsState>();

  async find(brandId: BrandId): Promise<MailSettingsState | null> {
    return this.rows.get(brandId) ?? null;
  }

  async hold(brandId: BrandId): Promise<MailSettings | null> {
    const row = this.rows.get(brandId);
    return row ? new MailSettings(row) : null;
  }

  async save({ state }: MailSettings): Promise<void> {
    this.rows.set(state.brandId, state);
  }
}
