import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { MailState, MailStatus } from '../domain/mail';

/** The mails of a brand, newest first. */
export class ListMails extends Query<Page<MailState>> {
  constructor(
    readonly brandId: BrandId,
    readonly status: MailStatus | undefined,
    readonly cut: Cut,
  ) {
    super();
  }
}
