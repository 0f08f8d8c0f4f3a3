import { Module } from '@nestjs/common';
import { BrandsModule } from '../brands';
import { LicensesModule } from '../licenses';
import { MailModule } from '../mail';
import { BillingAccountController } from './adapters/billing-account.controller';
import { BillingMetrics } from './adapters/billing-metrics';
import { CheckoutController } from './adapters/checkout.controller';
import { DriftController } from './adapters/drift.controller';
import { GrantsController } from './adapters/grants.controller';
import { InboxBell } from './adapters/inbox-bell';
import { InboxWorker } from './adapters/inbox-worker';
import { LicenseTime } from './adapters/license-time';
import { Looking } from './adapters/looking';
import { PlansController } from './adapters/plans.controller';
import { PostgresGetBillingAccount, PostgresGetStorefront } from './adapters/postgres-account-queries';
import { PostgresBillingAccounts } from './adapters/postgres-billing-accounts';
import { PostgresCustomers } from './adapters/postgres-customers';
import { PostgresDrifts } from './adapters/postgres-drifts';
import { PostgresFindNewestCustomer } from './adapters/postgres-find-newest-customer';
import { PostgresGetPurchase } from './adapters/postgres-get-purchase';
import { PostgresInbox } from './adapters/postgres-inbox';
import { PostgresGetPlan, PostgresListOffers, PostgresListPlans } from './adapters/postgres-plan-queries';
import { PostgresPlans } from './adapters/postgres-plans';
import { PostgresListProviderEvents } from './adapters/postgres-provider-event-queries';
import { PostgresListDrift, PostgresListPurchases } from './adapters/postgres-purchase-queries';
import { PostgresPurchases } from './adapters/postgres-purchases';
import { PurchasesController } from './adapters/purchases.controller';
import { Reconciliation } from './adapters/reconciliation';
import { SealedAccountSecrets } from './adapters/sealed-account-secrets';
import { StorefrontController } from './adapters/storefront.controller';
import { StripeClients } from './adapters/stripe-clients';
import { StripeCustomersController } from './adapters/stripe-customers.controller';
import { StripeEventsController } from './adapters/stripe-events.controller';
import { StripePayments } from './adapters/stripe-payments';
import { StripeWebhookController } from './adapters/stripe-webhook.controller';
import { AccountSecrets } from './ports/account-secrets';
import { BillingAccounts } from './ports/billing-accounts';
import { Customers } from './ports/customers';
import { Drifts } from './ports/drifts';
import { Inbox } from './ports/inbox';
import { Payments } from './ports/payments';
import { Plans } from './ports/plans';
import { Purchases } from './ports/purchases';
import { ClaimSubjectsHandler } from './use-cases/claim-subjects';
import { ConvergeHandler } from './use-cases/converge';
import { CreatePlanHandler } from './use-cases/create-plan';
import { Fulfilment } from './use-cases/fulfilment';
import { Letters } from './use-cases/letters';
import { GrantPlanHandler } from './use-cases/grant-plan';
import { LeaseSubjectHandler } from './use-cases/lease-subject';
import { LinkCustomerHandler } from './use-cases/link-customer';
import { OpenAccounts } from './use-cases/open-accounts';
import { OpenCheckoutHandler } from './use-cases/open-checkout';
import { OpenPortalHandler } from './use-cases/open-portal';
import { PurchaseRecords } from './use-cases/purchase-records';
import { ReceiveProviderEventHandler } from './use-cases/receive-provider-event';
import { ReconsiderPurchaseHandler } from './use-cases/reconsider-purchase';
import { RedirectEventsHandler } from './use-cases/redirect-events';
import { ReplayProviderEventHandler } from './use-cases/replay-provider-event';
import { SetBillingAccountHandler } from './use-cases/set-billing-account';
import { UnlinkCustomerHandler } from './use-cases/unlink-customer';
import { UpdatePlanHandler } from './use-cases/update-plan';

@Module({
  imports: [BrandsModule, LicensesModule, MailModule],
  controllers: [
    PlansController,
    StorefrontController,
    BillingAccountController,
    CheckoutController,
    GrantsController,
    StripeWebhookController,
    StripeEventsController,
    StripeCustomersController,
    PurchasesController,
    DriftController,
  ],
  exports: [InboxBell],
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
    GrantPlanHandler,
    PostgresFindNewestCustomer,
    PostgresListProviderEvents,
    PostgresListPurchases,
    PostgresListDrift,
    StripeClients,
    ReceiveProviderEventHandler,
    ClaimSubjectsHandler,
    LeaseSubjectHandler,
    ConvergeHandler,
    RedirectEventsHandler,
    ReplayProviderEventHandler,
    ReconsiderPurchaseHandler,
    LinkCustomerHandler,
    UnlinkCustomerHandler,
    Fulfilment,
    Letters,
    PurchaseRecords,
    PostgresGetPurchase,
    InboxBell,
    InboxWorker,
    Looking,
    LicenseTime,
    Reconciliation,
    BillingMetrics,
    { provide: Plans, useClass: PostgresPlans },
    { provide: Purchases, useClass: PostgresPurchases },
    { provide: Customers, useClass: PostgresCustomers },
    { provide: Inbox, useClass: PostgresInbox },
    { provide: Drifts, useClass: PostgresDrifts },
    { provide: BillingAccounts, useClass: PostgresBillingAccounts },
    { provide: AccountSecrets, useClass: SealedAccountSecrets },
    { provide: Payments, useClass: StripePayments },
  ],
})
export class BillingModule {}
