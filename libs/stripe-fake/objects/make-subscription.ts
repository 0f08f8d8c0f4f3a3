import { newId } from './ids';
import { planOf } from './make-catalogue';
import { type FakePrice, type FakeSubscription, type FakeSubscriptionItem, listOf, type Metadata } from './objects';
import type { Seconds } from '../life/timeline';

export interface Period {
  readonly start: Seconds;
  readonly end: Seconds;
}

export const makeSubscriptionItem = (subscription: string, price: FakePrice, quantity: number, period: Period): FakeSubscriptionItem => ({
  id: newId('si', 14),
  object: 'subscription_item',
  billing_thresholds: null,
  created: period.start,
  current_period_end: period.end,
  current_period_start: period.start,
  current_trial: null,
  discounts: [],
  metadata: {},
  plan: planOf(price),
  price,
  quantity,
  subscription,
  tax_rates: [],
});

export interface SubscriptionTerms {
  readonly customer: string;
  readonly items: readonly { readonly price: FakePrice; readonly quantity: number }[];
  readonly period: Period;
  readonly trial: boolean;
  readonly paymentMethod: string | null;
  readonly metadata: Metadata;
}

export function makeSubscription(created: Seconds, terms: SubscriptionTerms): FakeSubscription {
  const id = newId('sub');
  const items = terms.items.map(({ price, quantity }) => makeSubscriptionItem(id, price, quantity, terms.period));
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: terms.trial ? terms.period.end : terms.period.start,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created,
    currency: terms.items[0]?.price.currency ?? 'usd',
    customer: terms.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: terms.paymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, custom_fields: null, description: null, footer: null, issuer: { type: 'self' } },
    items: listOf(items, `/v1/subscription_items?subscription=${id}`),
    latest_invoice: null,
    livemode: false,
    managed_payments: { enabled: false },
    metadata: terms.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: 'off' },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: created,
    status: terms.trial ? 'trialing' : 'active',
    test_clock: null,
    transfer_data: null,
    trial_end: terms.trial ? terms.period.end : null,
    trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' } },
    trial_start: terms.trial ? terms.period.start : null,
  };
}
