export { FakeAccount } from './account';
export type { Fault } from './api/serve-api';
export type {
  Card,
  FakeCharge,
  FakeCustomer,
  FakeDispute,
  FakeEvent,
  FakeInvoice,
  FakeInvoicePayment,
  FakePaymentIntent,
  FakePrice,
  FakeRefund,
  FakeSession,
  FakeSubscription,
} from './objects/objects';
export { StripeFake } from './stripe-fake';
