import { Module } from '@nestjs/common';
import { BillingModule } from '../billing';
import { LicensesModule } from '../licenses';
import { LegacyLicensesController } from './adapters/legacy-licenses.controller';
import { LegacyShopController } from './adapters/legacy-shop.controller';
import { OneMachine } from './adapters/one-machine';

/** The older API, for the clients of one brand, on the same use cases as the present one. */
@Module({
  imports: [BillingModule, LicensesModule],
  controllers: [LegacyLicensesController, LegacyShopController],
  providers: [OneMachine],
})
export class LegacyModule {}
