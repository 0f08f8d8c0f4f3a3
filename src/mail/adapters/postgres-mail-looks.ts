import { Injectable } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { MailSettings, type MailSettingsState } from '../domain/mail-settings';
import { MailLooks } from '../ports/mail-looks';

export const mailSettingsTable = new EntitySchema<MailSettingsState>({
  name: 'mail_settings',
  tableName: 'mail_settings',
  columns: {
    brandId: { type: 'uuid', primary: true },
    senderName: { type: 'text', nullable: true },
    replyTo: { type: 'text', nullable: true },
    colour: { type: 'text' },
    supportUrl: { type: 'text', nullable: true },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
  },
});

@Injectable()
export class PostgresMailLooks implements MailLooks {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  find(brandId: BrandId): Promise<MailSettingsState | null> {
    return this.db.manager.findOne(mailSettingsTable, { where: { brandId } });
  }

  async hold(brandId: BrandId): Promise<MailSettings | null> {
    const row = await this.db.manager.findOne(mailSettingsTable, { where: { brandId }, lock: { mode: 'for_no_key_update' } });
    return row && new MailSettings(row);
  }

  save(settings: MailSettings): Promise<void> {
    return this.outbox.save(mailSettingsTable, settings, ['brandId']);
  }
}
