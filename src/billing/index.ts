export { BillingModule } from './billing.module';
export { StripeAddress } from './ports/stripe-address';
export { CreatePlan } from './use-cases/create-plan';
export { SetBillingAccount } from './use-cases/set-billing-account';
