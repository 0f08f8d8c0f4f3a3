import type { DisputeState, Payment } from '../domain/facts';
import type { Given } from './stripe-shapes';

const states: Record<string, DisputeState> = {
  // The bank only asks: no money was taken back.
  warning_needs_response: 'none',
  warning_under_review: 'none',
  warning_closed: 'none',
  won: 'won',
  lost: 'lost',
  // Settled by giving the money back before it became a dispute.
  prevented: 'lost',
  charge_refunded: 'lost',
};

/** Under its payment intent, by which a purchase is found; under its own id where it came without one. */
export const paymentIdOf = (charge: Given): string =>
  charge.id('payment_intent', 'pi') ?? charge.must('payment_intent', charge.id('charge') ?? charge.id('id'));

/** How a dispute goes on the charge does not say. */
export const paymentOfCharge = (charge: Given): Payment => ({
  id: paymentIdOf(charge),
  refunded: charge.flag('refunded'),
  dispute: charge.flag('disputed') ? 'open' : 'none',
});

export const paymentOfDispute = (dispute: Given): Payment => ({
  id: paymentIdOf(dispute),
  refunded: false,
  dispute: disputeStateOf(dispute),
});

export function disputeStateOf(dispute: Given): DisputeState {
  const status = dispute.must('status', dispute.text('status'));
  return Object.hasOwn(states, status) ? states[status]! : 'open';
}

/** Of several disputes about one payment, the one that costs most. */
export const worstOf = (found: readonly DisputeState[]): DisputeState =>
  (['lost', 'open', 'won'] as const).find((state) => found.includes(state)) ?? 'none';
