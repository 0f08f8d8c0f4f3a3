import { Module } from '@nestjs/common';
import { BrandsModule } from '../brands';
import { ExpiryWatch } from './adapters/expiry-watch';
import { LicensesController } from './adapters/licenses.controller';
import { PepperedKeyMint } from './adapters/peppered-key-mint';
import { PostgresFindLicenses, PostgresGetLicense } from './adapters/postgres-license-queries';
import { PostgresLicenseKeys } from './adapters/postgres-license-keys';
import { PostgresLicenses } from './adapters/postgres-licenses';
import { KeyMint } from './ports/key-mint';
import { LicenseKeys } from './ports/license-keys';
import { Licenses } from './ports/licenses';
import { ExtendGraceHandler } from './use-cases/extend-grace';
import { IssuingDesk } from './use-cases/issuing-desk';
import { LicenseDesk } from './use-cases/license-desk';
import { LookAtAllAgainHandler } from './use-cases/look-at-all-again';
import { ProvisionLicensesHandler } from './use-cases/provision-licenses';
import { ReissueLicenseKeyHandler } from './use-cases/reissue-license-key';
import { RenewLicenseHandler } from './use-cases/renew-license';
import { SetLicenseStatusHandler } from './use-cases/set-license-status';
import { TellOfExpiryHandler } from './use-cases/tell-of-expiry';
import { UpdateLicenseHandler } from './use-cases/update-license';

@Module({
  imports: [BrandsModule],
  controllers: [LicensesController],
  providers: [
    ProvisionLicensesHandler,
    RenewLicenseHandler,
    SetLicenseStatusHandler,
    UpdateLicenseHandler,
    ExtendGraceHandler,
    ReissueLicenseKeyHandler,
    TellOfExpiryHandler,
    LookAtAllAgainHandler,
    ExpiryWatch,
    PostgresFindLicenses,
    PostgresGetLicense,
    LicenseDesk,
    IssuingDesk,
    { provide: LicenseKeys, useClass: PostgresLicenseKeys },
    { provide: Licenses, useClass: PostgresLicenses },
    { provide: KeyMint, useClass: PepperedKeyMint },
  ],
  exports: [LicenseDesk, IssuingDesk],
})
export class LicensesModule {}
