import type Stripe from 'stripe';
import type { CheckoutAsk, OpenedCheckout } from '../ports/payments';
import type { Asking } from './stripe-asking';
import { Given } from './stripe-shapes';

/** The same key again opens nothing new: Stripe answers what it answered then. */
export async function openCheckout(ask: Asking, wanted: CheckoutAsk): Promise<OpenedCheckout> {
  const { idempotencyKey } = wanted;
  const answer = await ask.to((stripe) => stripe.checkout.sessions.create(paramsOf(wanted), { idempotencyKey }));
  const session = Given.of(answer, 'session');
  return {
    id: session.must('id', session.id('id', 'cs')),
    url: session.must('url', session.link('url')),
    expiresAt: session.instant('expires_at'),
    replayed: new Headers(answer.lastResponse.headers).get('idempotent-replayed') === 'true',
  };
}

export async function openPortal(ask: Asking, customer: string, returnUrl: string, idempotencyKey?: string): Promise<string> {
  const options = idempotencyKey === undefined ? {} : { idempotencyKey };
  const portal = await ask.about((stripe) => stripe.billingPortal.sessions.create({ customer, return_url: returnUrl }, options));
  return portal.must('url', portal.link('url'));
}

/** What is noted goes along to what is bought: there it stays readable, whatever becomes of the checkout. */
function paramsOf(wanted: CheckoutAsk): Stripe.Checkout.SessionCreateParams {
  const { mode, planCode, priceId, quantity, trialDays, customerEmail, successUrl, cancelUrl } = wanted;
  const metadata = { latchkey_plan: planCode, latchkey_quantity: String(quantity) };
  const trial = trialDays > 0 ? { trial_period_days: trialDays } : {};
  return {
    mode,
    line_items: [{ price: priceId, quantity }],
    metadata,
    ...(customerEmail !== null && { customer_email: customerEmail }),
    allow_promotion_codes: true,
    success_url: successUrl,
    cancel_url: cancelUrl,
    ...(mode === 'subscription'
      ? { subscription_data: { metadata, ...trial } }
      : { payment_intent_data: { metadata }, customer_creation: 'always' }),
  };
}
