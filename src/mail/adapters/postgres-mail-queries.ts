import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { LessThan } from 'typeorm';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import type { MailState } from '../domain/mail';
import type { MailSettingsState } from '../domain/mail-settings';
import { GetMailSettings } from '../use-cases/get-mail-settings';
import { ListMails } from '../use-cases/list-mails';
import { mailSettingsTable } from './postgres-mail-looks';
import { mailTable } from './postgres-mails';

@QueryHandler(ListMails)
export class PostgresListMails implements IQueryHandler<ListMails> {
  constructor(private readonly db: Database) {}

  execute({ brandId, status, cut }: ListMails): Promise<Page<MailState>> {
    const where = { brandId, ...(status && { status }), ...(cut.after && { id: LessThan(cut.after) }) };
    return this.db.run(brandId, async () =>
      pageOf(await this.db.manager.find(mailTable, { where, order: { id: 'DESC' }, take: cut.limit + 1 }), cut),
    );
  }
}

@QueryHandler(GetMailSettings)
export class PostgresGetMailSettings implements IQueryHandler<GetMailSettings> {
  constructor(private readonly db: Database) {}

  execute({ brandId }: GetMailSettings): Promise<MailSettingsState | null> {
    return this.db.run(brandId, () => this.db.manager.findOne(mailSettingsTable, { where: { brandId } }));
  }
}
