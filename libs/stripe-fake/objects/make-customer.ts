import { newId } from './ids';
import type { Card, FakeCustomer, FakePaymentMethod } from './objects';
import type { Seconds } from '../life/timeline';

export const makeCustomer = (created: Seconds, fields: Partial<FakeCustomer> = {}): FakeCustomer => ({
  id: newId('cus', 14),
  object: 'customer',
  address: null,
  balance: 0,
  created,
  currency: null,
  customer_account: null,
  default_source: null,
  delinquent: false,
  description: null,
  discount: null,
  email: null,
  invoice_prefix: newId('x', 8).slice(2).toUpperCase(),
  invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
  livemode: false,
  metadata: {},
  name: null,
  next_invoice_sequence: 1,
  phone: null,
  preferred_locales: [],
  shipping: null,
  tax_exempt: 'none',
  test_clock: null,
  ...fields,
});

/** The last digits of the test cards that behave so. */
export const lastDigits: Record<Card, string> = { good: '4242', declined: '0341', needs_action: '3184' };

export const makePaymentMethod = (created: Seconds, customer: FakeCustomer, card: Card): FakePaymentMethod => ({
  id: newId('pm'),
  object: 'payment_method',
  allow_redisplay: 'unspecified',
  billing_details: { address: null, email: customer.email, name: customer.name ?? null, phone: null, tax_id: null },
  card: {
    brand: 'visa',
    checks: null,
    country: 'US',
    display_brand: 'visa',
    exp_month: 12,
    exp_year: new Date(created * 1000).getUTCFullYear() + 4,
    funding: 'credit',
    generated_from: null,
    last4: lastDigits[card],
    networks: null,
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
    wallet: null,
  },
  created,
  customer: customer.id,
  customer_account: null,
  livemode: false,
  metadata: {},
  type: 'card',
});
