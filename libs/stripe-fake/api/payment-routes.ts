import type { Call, Route } from './call';
import { page, where } from './listing';
import type { FakeCharge } from '../objects/objects';
import { refund } from '../life/payments';
import { ApiError } from '../objects/api-error';

function chargeNamed({ ledger, params }: Call): FakeCharge {
  const charge = params.text('charge');
  if (charge !== undefined) return ledger.get(ledger.charges, charge, 'charge');
  const intent = ledger.get(ledger.paymentIntents, params.needed('payment_intent'), 'payment_intent');
  if (intent.status === 'succeeded') return ledger.get(ledger.charges, intent.latest_charge!);
  throw new ApiError(400, `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, { param: 'payment_intent' });
}

export const paymentRoutes: Route[] = [
  ['GET', '/payment_intents/:id', ({ ledger, id }) => ledger.get(ledger.paymentIntents, id)],
  [
    'GET',
    '/payment_intents',
    ({ ledger, params }) => {
      const ofCustomer = where(ledger.paymentIntents.values(), params.text('customer'), ({ customer }) => customer);
      return page(ofCustomer, params, '/v1/payment_intents');
    },
  ],
  ['GET', '/charges/:id', ({ ledger, id }) => ledger.get(ledger.charges, id)],
  [
    'GET',
    '/charges',
    ({ ledger, params }) => {
      const ofIntent = where(ledger.charges.values(), params.text('payment_intent'), ({ payment_intent }) => payment_intent);
      return page(
        where(ofIntent, params.text('customer'), ({ customer }) => customer),
        params,
        '/v1/charges',
      );
    },
  ],
  [
    'POST',
    '/refunds',
    (call) => {
      const { ledger, params } = call;
      const reason = params.one('reason', ['duplicate', 'fraudulent', 'requested_by_customer'] as const) ?? null;
      return refund(ledger, chargeNamed(call), { amount: params.integer('amount'), reason, metadata: params.metadata() });
    },
  ],
  ['GET', '/refunds/:id', ({ ledger, id }) => ledger.get(ledger.refunds, id)],
  [
    'GET',
    '/refunds',
    ({ ledger, params }) => {
      const ofIntent = where(ledger.refunds.values(), params.text('payment_intent'), ({ payment_intent }) => payment_intent);
      return page(
        where(ofIntent, params.text('charge'), ({ charge }) => charge),
        params,
        '/v1/refunds',
      );
    },
  ],
  ['GET', '/disputes/:id', ({ ledger, id }) => ledger.get(ledger.disputes, id)],
  [
    'GET',
    '/disputes',
    ({ ledger, params }) => {
      const ofIntent = where(ledger.disputes.values(), params.text('payment_intent'), ({ payment_intent }) => payment_intent);
      return page(
        where(ofIntent, params.text('charge'), ({ charge }) => charge),
        params,
        '/v1/disputes',
      );
    },
  ],
  ['GET', '/events/:id', ({ ledger, id }) => ledger.get(new Map(ledger.events.map((event) => [event.id, event])), id)],
  [
    'GET',
    '/events',
    ({ ledger, params }) => {
      const types = params.texts('types');
      const ofType = where(ledger.events, params.text('type'), ({ type }) => type);
      return page(
        ofType.filter(({ type }) => types.length === 0 || types.includes(type)),
        params,
        '/v1/events',
      );
    },
  ],
  ['GET', '/balance', () => ({ object: 'balance', available: [], livemode: false, pending: [] })],
  ['GET', '/account', ({ ledger }) => ({ id: ledger.accountId, object: 'account', charges_enabled: true, email: null, type: 'standard' })],
];
