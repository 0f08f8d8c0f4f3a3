/** Where the fake Stripe is, for keys that are made for it; null: there is none, as in production. Given by whoever starts the service. */
export abstract class StripeAddress {
  abstract readonly fakeUrl: string | null;
}
