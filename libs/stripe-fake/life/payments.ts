import { ApiError } from '../objects/api-error';
import type { Ledger } from './ledger';
import { makeCharge, makeDispute, makePaymentIntent, makeRefund, type PaymentTerms } from '../objects/make-payment';
import type { Card, FakeCharge, FakeDispute, FakePaymentIntent, FakeRefund } from '../objects/objects';

export function openPayment(ledger: Ledger, terms: PaymentTerms): FakePaymentIntent {
  const intent = ledger.add(ledger.paymentIntents, makePaymentIntent(ledger.now(), terms), 'payment_intent.created');
  ledger.payers.set(intent.id, terms.email);
  return intent;
}

/** Tries the card once; true when the money came. */
export function tryCard(ledger: Ledger, intent: FakePaymentIntent, card: Card, present: boolean): boolean {
  if (card === 'needs_action') askForAction(ledger, intent);
  if (card === 'needs_action' && !present) return false;

  const charge = ledger.add(ledger.charges, makeCharge(ledger.now(), intent, card, ledger.payers.get(intent.id) ?? null));
  if (card === 'declined') {
    decline(ledger, intent, charge);
    return false;
  }
  ledger.tell('charge.succeeded', charge);
  ledger.alter(intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    latest_charge: charge.id,
    last_payment_error: null,
    next_action: null,
  });
  ledger.tell('payment_intent.succeeded', intent);
  return true;
}

function askForAction(ledger: Ledger, intent: FakePaymentIntent): void {
  ledger.alter(intent, { status: 'requires_action', next_action: { type: 'use_stripe_sdk', use_stripe_sdk: {} } });
  ledger.tell('payment_intent.requires_action', intent);
}

function decline(ledger: Ledger, intent: FakePaymentIntent, charge: FakeCharge): void {
  ledger.tell('charge.failed', charge);
  ledger.alter(intent, {
    status: 'requires_payment_method',
    latest_charge: charge.id,
    last_payment_error: {
      type: 'card_error',
      code: 'card_declined',
      decline_code: 'generic_decline',
      message: 'Your card was declined.',
      charge: charge.id,
    },
  });
  ledger.tell('payment_intent.payment_failed', intent);
}

export interface RefundTerms {
  readonly amount?: number | undefined;
  readonly reason?: string | null;
  readonly metadata?: Record<string, string>;
}

export function refund(ledger: Ledger, charge: FakeCharge, terms: RefundTerms = {}): FakeRefund {
  const left = charge.amount_captured - charge.amount_refunded;
  const amount = terms.amount ?? left;
  if (charge.disputed)
    throw new ApiError(400, `Charge ${charge.id} has been charged back; cannot issue a refund.`, { code: 'charge_disputed' });
  if (left === 0) throw new ApiError(400, `Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  if (amount < 1 || amount > left) {
    const message = `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`;
    throw new ApiError(400, message, { param: 'amount' });
  }
  const fields = { reason: terms.reason ?? null, metadata: terms.metadata ?? {} };
  const made = ledger.add(ledger.refunds, makeRefund(ledger.now(), charge, amount, fields), 'refund.created');
  const refunded = charge.amount_refunded + amount;
  ledger.change(charge, { amount_refunded: refunded, refunded: refunded === charge.amount_captured }, 'charge.refunded');
  return made;
}

export function openDispute(ledger: Ledger, charge: FakeCharge): FakeDispute {
  if (charge.disputed) throw new ApiError(400, `Charge ${charge.id} is disputed already.`);
  ledger.change(charge, { disputed: true }, 'charge.updated');
  const dispute = ledger.add(ledger.disputes, makeDispute(ledger.now(), charge), 'charge.dispute.created');
  ledger.tell('charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

export function closeDispute(ledger: Ledger, dispute: FakeDispute, outcome: 'won' | 'lost'): void {
  if (dispute.status === 'won' || dispute.status === 'lost') throw new ApiError(400, `Dispute ${dispute.id} is closed already.`);
  ledger.change(dispute, { status: outcome }, 'charge.dispute.closed');
  if (outcome === 'won') ledger.tell('charge.dispute.funds_reinstated', dispute);
}
