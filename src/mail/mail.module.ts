import { Module } from '@nestjs/common';
import { BrandsModule } from '../brands';
import { LicensesModule } from '../licenses';
import { CompiledMailPages } from './adapters/compiled-mail-pages';
import { LicenseNews } from './adapters/license-news';
import { MailBell } from './adapters/mail-bell';
import { MailHousekeeping } from './adapters/mail-housekeeping';
import { MailMetrics } from './adapters/mail-metrics';
import { MailSender } from './adapters/mail-sender';
import { MailSettingsController } from './adapters/mail-settings.controller';
import { mailerFor } from './adapters/mailer-for';
import { MailsController } from './adapters/mails.controller';
import { PostgresMailLooks } from './adapters/postgres-mail-looks';
import { PostgresGetMailSettings, PostgresListMails } from './adapters/postgres-mail-queries';
import { PostgresMails } from './adapters/postgres-mails';
import { VaultKeySafe } from './adapters/vault-key-safe';
import { KeySafe } from './ports/key-safe';
import { MailLooks } from './ports/mail-looks';
import { MailPages } from './ports/mail-pages';
import { MailRoute } from './ports/mail-route';
import { Mailer } from './ports/mailer';
import { Mails } from './ports/mails';
import { ClaimMailsHandler } from './use-cases/claim-mails';
import { DropReplacedKeysHandler } from './use-cases/drop-replaced-keys';
import { MailDesk } from './use-cases/mail-desk';
import { ResendLicenseKeyHandler } from './use-cases/resend-license-key';
import { RetryMailHandler } from './use-cases/retry-mail';
import { SetMailSettingsHandler } from './use-cases/set-mail-settings';
import { SettleMailHandler } from './use-cases/settle-mail';
import { WriteOfExpiryHandler } from './use-cases/write-of-expiry';

@Module({
  imports: [BrandsModule, LicensesModule],
  controllers: [MailSettingsController, MailsController],
  providers: [
    MailDesk,
    SetMailSettingsHandler,
    RetryMailHandler,
    ResendLicenseKeyHandler,
    WriteOfExpiryHandler,
    DropReplacedKeysHandler,
    ClaimMailsHandler,
    SettleMailHandler,
    PostgresListMails,
    PostgresGetMailSettings,
    MailBell,
    LicenseNews,
    MailSender,
    MailHousekeeping,
    MailMetrics,
    { provide: Mails, useClass: PostgresMails },
    { provide: MailLooks, useClass: PostgresMailLooks },
    { provide: KeySafe, useClass: VaultKeySafe },
    { provide: MailPages, useClass: CompiledMailPages },
    { provide: Mailer, inject: [MailRoute], useFactory: mailerFor },
  ],
  exports: [MailDesk],
})
export class MailModule {}
