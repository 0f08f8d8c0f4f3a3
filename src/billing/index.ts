export { BillingModule } from './billing.module';
export { StripeAddress } from './ports/stripe-address';
