import { newId } from './ids';
import type { FakeLineItem, FakePortalSession, FakePrice, FakeSession, Metadata } from './objects';
import { day, type Seconds } from '../life/timeline';

export const makeLineItem = (
  price: FakePrice,
  quantity: number,
  description: string | null,
  adjustable: FakeLineItem['adjustable_quantity'],
): FakeLineItem => ({
  id: newId('li'),
  object: 'item',
  adjustable_quantity: adjustable,
  amount_discount: 0,
  amount_subtotal: price.unit_amount * quantity,
  amount_tax: 0,
  amount_total: price.unit_amount * quantity,
  currency: price.currency,
  description,
  metadata: {},
  price,
  quantity,
});

export interface SessionTerms {
  readonly mode: FakeSession['mode'];
  readonly amount: number;
  readonly currency: string;
  readonly successUrl: string;
  readonly cancelUrl: string | null;
  readonly customer: string | null;
  readonly customerEmail: string | null;
  readonly customerCreation: 'always' | 'if_required' | null;
  readonly clientReferenceId: string | null;
  readonly metadata: Metadata;
  readonly expiresAt: Seconds | null;
  readonly locale: string | null;
  readonly promotionCodes: boolean | null;
}

export function makeSession(created: Seconds, fakeUrl: string, terms: SessionTerms): FakeSession {
  const id = newId('cs_test', 56);
  return {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: terms.promotionCodes,
    allowed_payment_method_types: null,
    amount_subtotal: terms.amount,
    amount_total: terms.amount,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: terms.cancelUrl,
    client_reference_id: terms.clientReferenceId,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created,
    currency: terms.currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: terms.customer,
    customer_account: null,
    customer_creation: terms.customerCreation,
    customer_details: terms.customerEmail ? detailsOf(terms.customerEmail, null) : null,
    customer_email: terms.customerEmail,
    discounts: [],
    expires_at: terms.expiresAt ?? created + day,
    integration_identifier: null,
    invoice: null,
    invoice_creation:
      terms.mode === 'payment'
        ? {
            enabled: false,
            invoice_data: {
              account_tax_ids: null,
              custom_fields: null,
              description: null,
              footer: null,
              issuer: null,
              metadata: {},
              rendering_options: null,
            },
          }
        : null,
    livemode: false,
    locale: terms.locale,
    managed_payments: { enabled: false },
    metadata: terms.metadata,
    mode: terms.mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: terms.mode === 'subscription' ? 'always' : 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: terms.successUrl,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: `${fakeUrl}/pay/${id}`,
    wallet_options: null,
  };
}

export const detailsOf = (email: string, name: string | null): NonNullable<FakeSession['customer_details']> => ({
  address: null,
  business_name: null,
  email,
  individual_name: null,
  name,
  phone: null,
  tax_exempt: 'none',
  tax_ids: [],
});

export function makePortalSession(created: Seconds, fakeUrl: string, customer: string, returnUrl: string | null): FakePortalSession {
  const id = newId('bps');
  return {
    id,
    object: 'billing_portal.session',
    configuration: newId('bpc'),
    created,
    customer,
    customer_account: null,
    flow: null,
    livemode: false,
    locale: null,
    on_behalf_of: null,
    return_url: returnUrl,
    url: `${fakeUrl}/portal/${id}`,
  };
}
