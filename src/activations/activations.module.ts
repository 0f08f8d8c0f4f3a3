import { Module } from '@nestjs/common';
import { LicensesModule } from '../licenses';
import { ActivationsController } from './adapters/activations.controller';
import { PostgresActivations } from './adapters/postgres-activations';
import { PostgresListActivations } from './adapters/postgres-list-activations';
import { PostgresRecords } from './adapters/postgres-records';
import { PostgresSeats } from './adapters/postgres-seats';
import { SeatsOneByOne } from './adapters/seats-one-by-one';
import { Activations } from './ports/activations';
import { Records } from './ports/records';
import { Seats } from './ports/seats';
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
    SeatsOneByOne,
    { provide: Activations, useClass: PostgresActivations },
    { provide: Records, useClass: PostgresRecords },
    { provide: Seats, useClass: PostgresSeats },
  ],
})
export class ActivationsModule {}
