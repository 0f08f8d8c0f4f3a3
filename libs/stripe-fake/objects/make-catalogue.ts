import { newId } from './ids';
import type { FakePlan, FakePrice, FakeProduct } from './objects';
import type { Seconds } from '../life/timeline';

export const makeProduct = (created: Seconds, fields: Partial<FakeProduct> = {}): FakeProduct => ({
  id: newId('prod', 14),
  object: 'product',
  active: true,
  created,
  default_price: null,
  description: null,
  images: [],
  livemode: false,
  marketing_features: [],
  metadata: {},
  name: 'Product',
  package_dimensions: null,
  shippable: null,
  statement_descriptor: null,
  tax_code: null,
  tax_details: null,
  type: 'service',
  unit_label: null,
  updated: created,
  url: null,
  ...fields,
});

export interface PriceTerms {
  readonly id?: string;
  readonly product: string;
  readonly amount: number;
  readonly currency: string;
  /** null = paid once. */
  readonly interval: 'day' | 'week' | 'month' | 'year' | null;
  readonly intervalCount?: number;
  readonly nickname?: string | null;
  readonly metadata?: Record<string, string>;
}

export const makePrice = (created: Seconds, terms: PriceTerms): FakePrice => ({
  id: terms.id ?? newId('price'),
  object: 'price',
  active: true,
  billing_scheme: 'per_unit',
  created,
  currency: terms.currency,
  custom_unit_amount: null,
  livemode: false,
  lookup_key: null,
  metadata: terms.metadata ?? {},
  nickname: terms.nickname ?? null,
  product: terms.product,
  recurring: terms.interval && {
    interval: terms.interval,
    interval_count: terms.intervalCount ?? 1,
    meter: null,
    trial_period_days: null,
    usage_type: 'licensed',
  },
  tax_behavior: 'unspecified',
  tiers_mode: null,
  transform_quantity: null,
  type: terms.interval ? 'recurring' : 'one_time',
  unit_amount: terms.amount,
  unit_amount_decimal: String(terms.amount),
});

/** The older name of a recurring price, which subscription items still carry. */
export const planOf = (price: FakePrice): FakePlan => ({
  id: price.id,
  object: 'plan',
  active: price.active,
  amount: price.unit_amount,
  amount_decimal: price.unit_amount_decimal,
  billing_scheme: 'per_unit',
  created: price.created,
  currency: price.currency,
  interval: price.recurring?.interval ?? 'month',
  interval_count: price.recurring?.interval_count ?? 1,
  livemode: false,
  metadata: price.metadata,
  meter: null,
  nickname: price.nickname,
  product: price.product,
  tiers_mode: null,
  transform_usage: null,
  trial_period_days: null,
  usage_type: 'licensed',
});
