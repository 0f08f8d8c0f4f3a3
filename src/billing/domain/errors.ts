import { DomainError, refusal } from '../../../libs/kernel/domain-error';

export class PlanNotFound extends DomainError {
  static readonly refusal = refusal('plan_not_found', 'not_found', 'Plan not found', 'The brand has no such plan, by id or code.');
  constructor() {
    super(PlanNotFound.refusal, 'There is no such plan.');
  }
}

export class PlanCodeTaken extends DomainError {
  static readonly refusal = refusal(
    'plan_code_taken',
    'conflict',
    'Plan code taken',
    'The brand has a plan with this code, archived perhaps. Codes are never used twice: purchases refer to them.',
  );
  constructor(code: string) {
    super(PlanCodeTaken.refusal, `There is a plan ${code} already.`, { plan_code: code });
  }
}

export class PriceTaken extends DomainError {
  static readonly refusal = refusal(
    'price_taken',
    'conflict',
    'Price of another plan',
    'Another plan is or was sold at this Stripe price, and a price leads to one plan. Make a price of its own for this plan in Stripe.',
  );
  constructor(priceId: string) {
    super(PriceTaken.refusal, `Another plan is sold at ${priceId}.`, { stripe_price_id: priceId });
  }
}

export class PlanNotSold extends DomainError {
  static readonly refusal = refusal(
    'plan_not_sold',
    'conflict',
    'Plan not for sale',
    'The plan is archived or has no Stripe price, so there is nothing to check out.',
  );
  constructor(code: string) {
    super(PlanNotSold.refusal, `The plan ${code} is not for sale.`, { plan_code: code });
  }
}

export class BillingNotSetUp extends DomainError {
  static readonly refusal = refusal(
    'billing_not_set_up',
    'not_found',
    'Billing not set up',
    'The brand has no Stripe account here. Set its keys with `PUT /v1/brands/{brand}/billing-account`.',
  );
  constructor() {
    super(BillingNotSetUp.refusal, 'This brand has no billing account.');
  }
}

export class ProviderAway extends DomainError {
  static readonly refusal = refusal(
    'payment_provider_unavailable',
    'unavailable',
    'Stripe does not answer',
    'Stripe was not reachable, too slow, or answered with a failure of its own. Nothing was charged. Send the same request again with the same ' +
      '`Idempotency-Key`: it opens no second checkout.',
  );
  constructor(
    /** For the log: never shown. */
    readonly why: string,
  ) {
    super(ProviderAway.refusal, 'The payment provider does not answer. Try again in a moment.');
  }
}

export class CheckoutRefused extends DomainError {
  static readonly refusal = refusal(
    'checkout_refused',
    'conflict',
    'Stripe refused',
    'Stripe was asked and said no: its words are in `detail`. Often the price does not exist in this account, or the key may not do this.',
  );
  constructor(words: string) {
    super(CheckoutRefused.refusal, words);
  }
}

export class SignatureRefused extends DomainError {
  static readonly refusal = refusal(
    'signature_refused',
    'invalid',
    'Signature refused',
    'The event is not signed with the webhook secret of this brand, or its time is more than 300 seconds off. Compare the secret of the endpoint in ' +
      'Stripe with the one of the billing account.',
  );
  constructor(words: string) {
    super(SignatureRefused.refusal, words);
  }
}

/** What was signed by the provider but makes no sense to us. Never answered: it is set aside. */
export class UnreadableEvent extends Error {}

export class ProviderEventNotFound extends DomainError {
  static readonly refusal = refusal(
    'stripe_event_not_found',
    'not_found',
    'Stripe event not found',
    'The brand received no such event of Stripe, or it is no longer kept.',
  );
  constructor() {
    super(ProviderEventNotFound.refusal, 'There is no such event of Stripe.');
  }
}

export class PurchaseNotFound extends DomainError {
  static readonly refusal = refusal('purchase_not_found', 'not_found', 'Purchase not found', 'The brand has no such purchase.');
  constructor() {
    super(PurchaseNotFound.refusal, 'There is no such purchase.');
  }
}

export class BillingCustomerNotFound extends DomainError {
  static readonly refusal = refusal(
    'billing_customer_not_found',
    'not_found',
    'Stripe customer not found',
    'The Stripe account of the brand has no such customer, or Latchkey knows of none with this e-mail address.',
  );
  constructor() {
    super(BillingCustomerNotFound.refusal, 'There is no such Stripe customer.');
  }
}
