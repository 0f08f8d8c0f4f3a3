import { DomainEvent, EventType } from '../../../libs/kernel/domain-event';

interface PlanFacts {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly name: string;
  readonly interval: string;
  readonly status: string;
}

const aPlan: PlanFacts = {
  id: 'pln_06efg00000e0082000000000000',
  version: 1,
  code: 'pro_monthly',
  name: 'Pro, monthly',
  interval: 'month',
  status: 'active',
};

@EventType('plan.created', 'A plan was added to what a brand sells.', aPlan)
export class PlanCreated extends DomainEvent<PlanFacts> {}
@EventType('plan.updated', 'A plan was changed or archived.', { ...aPlan, version: 2 })
export class PlanUpdated extends DomainEvent<PlanFacts> {}

interface AccountFacts {
  /** The brand's: it has one account. */
  readonly id: string;
  readonly version: number;
  readonly livemode: boolean;
  readonly allowed_hosts: readonly string[];
}

@EventType('billing_account.updated', 'The keys, hosts or links of a brand’s Stripe account were set. No secret is told.', {
  id: 'brd_06efg00000e0082000000000000',
  version: 1,
  livemode: false,
  allowed_hosts: ['shop.example'],
})
export class BillingAccountUpdated extends DomainEvent<AccountFacts> {}

interface CustomerFacts {
  /** As Stripe names it. */
  readonly id: string;
}

const aCustomer: CustomerFacts = { id: 'cus_QabcDEF' };

@EventType('billing_customer.linked', 'The purchases of a Stripe customer drive licenses, of the customer that support named.', aCustomer)
export class CustomerLinked extends DomainEvent<CustomerFacts> {}
@EventType('billing_customer.unlinked', 'The purchases of a Stripe customer no longer change licenses.', aCustomer)
export class CustomerUnlinked extends DomainEvent<CustomerFacts> {}

interface ReplayFacts {
  /** As Stripe names it. */
  readonly id: string;
  readonly type: string;
}

@EventType('stripe_event.replayed', 'Support had an event of Stripe processed once more.', {
  id: 'evt_1QabcDEF',
  type: 'customer.subscription.updated',
})
export class ProviderEventReplayed extends DomainEvent<ReplayFacts> {}

interface PurchaseFacts {
  readonly id: string;
  readonly version: number;
  /** As Stripe names it. */
  readonly reference: string;
  readonly kind: string;
  readonly status: string;
  readonly plan: string | null;
  readonly quantity: number;
  readonly license_key_id: string | null;
}

const aPurchase: PurchaseFacts = {
  id: 'pur_06efg00000e0082000000000000',
  version: 1,
  reference: 'sub_1QabcDEF',
  kind: 'subscription',
  status: 'active',
  plan: 'pro_monthly',
  quantity: 1,
  license_key_id: 'key_06efg00000e0082000000000000',
};

@EventType('purchase.fulfilled', 'A purchase was paid, and the customer got a license key for it.', aPurchase)
export class PurchaseFulfilled extends DomainEvent<PurchaseFacts> {}
@EventType('purchase.updated', 'The status, the plan or the quantity of a purchase changed.', { ...aPurchase, version: 2, quantity: 5 })
export class PurchaseUpdated extends DomainEvent<PurchaseFacts> {}
