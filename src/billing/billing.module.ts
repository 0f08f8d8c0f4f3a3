import { Module } from '@nestjs/common';
import { BrandsModule } from '../brands';
import { LicensesModule } from '../licenses';
import { BillingAccountController } from './adapters/billing-account.controller';
import { CheckoutController } from './adapters/checkout.controller';
import { PlansController } from './adapters/plans.controller';
import { PostgresGetBillingAccount, PostgresGetStorefront } from './adapters/postgres-account-queries';
import { PostgresBillingAccounts } from './adapters/postgres-billing-accounts';
import { PostgresFindNewestCustomer } from './adapters/postgres-find-newest-customer';
import { PostgresGetPlan, PostgresListOffers, PostgresListPlans } from './adapters/postgres-plan-queries';
import { PostgresPlans } from './adapters/postgres-plans';
import { SealedAccountSecrets } from './adapters/sealed-account-secrets';
import { StorefrontController } from './adapters/storefront.controller';
import { StripeClients } from './adapters/stripe-clients';
import { StripePayments } from './adapters/stripe-payments';
import { AccountSecrets } from './ports/account-secrets';
import { BillingAccounts } from './ports/billing-accounts';
import { Payments } from './ports/payments';
import { Plans } from './ports/plans';
import { CreatePlanHandler } from './use-cases/create-plan';
import { OpenAccounts } from './use-cases/open-accounts';
import { OpenCheckoutHandler } from './use-cases/open-checkout';
import { OpenPortalHandler } from './use-cases/open-portal';
import { SetBillingAccountHandler } from './use-cases/set-billing-account';
import { UpdatePlanHandler } from './use-cases/update-plan';

@Module({
  imports: [BrandsModule, LicensesModule],
  controllers: [PlansController, StorefrontController, BillingAccountController, CheckoutController],
  providers: [
    CreatePlanHandler,
    UpdatePlanHandler,
    PostgresGetPlan,
    PostgresListPlans,
    PostgresListOffers,
    SetBillingAccountHandler,
    PostgresGetBillingAccount,
    PostgresGetStorefront,
    OpenAccounts,
    OpenCheckoutHandler,
    OpenPortalHandler,
    PostgresFindNewestCustomer,
    StripeClients,
    { provide: Plans, useClass: PostgresPlans },
    { provide: BillingAccounts, useClass: PostgresBillingAccounts },
    { provide: AccountSecrets, useClass: SealedAccountSecrets },
    { provide: Payments, useClass: StripePayments },
  ],
})
export class BillingModule {}
