import { Injectable } from '@nestjs/common';
import { EntitySchema, IsNull, Not } from 'typeorm';
import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { Mail, type MailState } from '../domain/mail';
import { type Claimed, Mails } from '../ports/mails';
import { leaseMails } from './lease-mails';
import { MailBell } from './mail-bell';

export const mailTable = new EntitySchema<MailState>({
  name: 'mail',
  tableName: 'mails',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    reason: { type: 'text' },
    template: { type: 'text' },
    recipient: { type: 'text' },
    facts: { type: 'jsonb' },
    licenseKeyId: { type: 'uuid', nullable: true },
    sealed: { type: 'bytea', nullable: true },
    status: { type: 'text' },
    attempts: { type: 'int' },
    nextAttemptAt: { type: 'timestamptz', nullable: true },
    lease: { type: 'uuid', nullable: true },
    leasedUntil: { type: 'timestamptz', nullable: true },
    error: { type: 'text', nullable: true },
    createdAt: { type: 'timestamptz' },
    sentAt: { type: 'timestamptz', nullable: true },
    failedAt: { type: 'timestamptz', nullable: true },
  },
});

@Injectable()
export class PostgresMails implements Mails {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    private readonly bell: MailBell,
  ) {}

  async add({ state }: Mail): Promise<boolean> {
    const insert = this.db.manager
      .createQueryBuilder()
      .insert()
      .into(mailTable)
      .values({ ...state });
    const inserted = await insert.orIgnore().returning('id').execute();
    this.ringAfterwards();
    return (inserted.raw as unknown[]).length > 0;
  }

  async claim(_reach: AllBrands, atMost: number, at: Date): Promise<Claimed[]> {
    const leased = await leaseMails(this.db.manager, atMost, at);
    if (leased.length === 0) return [];
    const rows = await this.db.manager.find(mailTable, { where: leased, order: { nextAttemptAt: 'ASC', id: 'ASC' } });
    return rows as Claimed[];
  }

  async hold(brandId: BrandId, id: string): Promise<Mail | null> {
    const row = await this.db.manager.findOne(mailTable, { where: { brandId, id }, lock });
    return row && new Mail(row);
  }

  async holdWithKey(brandId: BrandId, licenseKeyId: string): Promise<Mail[]> {
    await this.db.manager.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`mails with license key ${licenseKeyId}`]);
    const where = { brandId, licenseKeyId, sealed: Not(IsNull()) };
    return (await this.db.manager.find(mailTable, { where, order: { id: 'ASC' }, lock })).map((row) => new Mail(row));
  }

  async save(mail: Mail): Promise<void> {
    await this.outbox.save(mailTable, mail, ['brandId', 'id']);
    if (mail.state.status === 'waiting') this.ringAfterwards();
  }

  private ringAfterwards(): void {
    this.db.afterCommit(() => this.bell.ring());
  }
}

const lock = { mode: 'for_no_key_update' } as const;
