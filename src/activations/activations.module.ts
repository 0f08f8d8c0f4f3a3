import { Module } from '@nestjs/common';
import { LicensesModule } from '../licenses';
import { ActivationsController } from './adapters/activations.controller';
import { PostgresActivations } from './adapters/postgres-activations';
import { PostgresListActivations } from './adapters/postgres-list-activations';
import { Activations } from './ports/activations';
import { ActivateLicenseHandler } from './use-cases/activate-license';
import { DeactivateInstanceHandler } from './use-cases/deactivate-instance';
import { FreeSeatHandler } from './use-cases/free-seat';
import { VerifyLicenseHandler } from './use-cases/verify-license';

@Module({
  imports: [LicensesModule],
  controllers: [ActivationsController],
  providers: [
    ActivateLicenseHandler,
    DeactivateInstanceHandler,
    FreeSeatHandler,
    VerifyLicenseHandler,
    PostgresListActivations,
    { provide: Activations, useClass: PostgresActivations },
  ],
})
export class ActivationsModule {}
