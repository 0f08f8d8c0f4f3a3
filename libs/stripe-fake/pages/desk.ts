import { ApiError } from '../objects/api-error';
import type { FakeAccount } from '../account';
import type { Fault } from '../api/serve-api';
import type { Card, FakeEvent } from '../objects/objects';
import { Params } from '../api/params';
import { periodOf } from '../life/subscriptions';
import { hour, second } from '../life/timeline';

/** What the desk needs of the fake around it. */
export interface Playground {
  fault: Fault;
  readonly now: Date;
  readonly everyAccount: readonly FakeAccount[];
  advance(to: { days: number } | { to: Date }): Promise<void>;
}

type Act = (play: Playground, params: Params) => Promise<object>;

const cards = ['good', 'declined', 'needs_action'] as const;
const faults = ['none', 'refuse', 'hang', 'lost', 'error500', 'error429', 'malformed'] as const;
const kinds = ['sessions', 'subscriptions', 'invoices', 'customers', 'paymentIntents', 'disputes'] as const;

/** The account that has the object. */
export function ownerOf(play: Playground, kind: (typeof kinds)[number], id: string): FakeAccount {
  const owner = play.everyAccount.find(({ ledger }) => ledger[kind].has(id));
  if (!owner) throw new ApiError(404, `There is no '${id}' in any account.`);
  return owner;
}

/** The payment itself, or the last one of the subscription. */
function paymentNamed(play: Playground, params: Params): { account: FakeAccount; intent: string } {
  const intent = params.text('payment_intent');
  if (intent !== undefined) return { account: ownerOf(play, 'paymentIntents', intent), intent };
  const subscription = params.needed('subscription');
  const account = ownerOf(play, 'subscriptions', subscription);
  const last = lastPayment(account, subscription);
  if (last === null) throw new ApiError(400, `Nothing was paid for '${subscription}' yet.`);
  return { account, intent: last };
}

export function lastPayment({ ledger }: FakeAccount, subscription: string): string | null {
  const paid = [...ledger.invoices.values()].filter(
    ({ parent, status }) => parent?.subscription_details.subscription === subscription && status === 'paid',
  );
  const intents = paid.flatMap(({ id }) => ledger.paymentsOf(id)).map(({ payment }) => payment.payment_intent);
  return intents.at(-1) ?? null;
}

/** An hour and a second after the period ends, when its invoice is paid too. */
function nextRenewal(play: Playground, subscription: string | undefined): Date {
  const all = play.everyAccount.flatMap(({ ledger }) => [...ledger.subscriptions.values()]);
  const wanted = all.filter(({ id, ended_at }) => ended_at === null && (subscription === undefined || id === subscription));
  if (wanted.length === 0) throw new ApiError(400, 'No subscription is running.');
  const end = Math.min(...wanted.map((each) => periodOf(each).end));
  return new Date((end + hour + second) * 1000);
}

const advance: Act = async (play, params) => {
  const days = params.text('days');
  const until = params.text('to');
  if (days !== undefined) {
    if (!/^\d{1,4}(\.\d{1,4})?$/.test(days)) throw params.wrong('days', 'Days are a number from 0 to 9999.');
    await play.advance({ days: Number(days) });
  } else if (until === undefined || until === 'renewal') await play.advance({ to: nextRenewal(play, params.text('subscription')) });
  else {
    const at = new Date(until);
    if (Number.isNaN(at.getTime())) throw params.wrong('to', "This is a date, or 'renewal'.");
    await play.advance({ to: at });
  }
  return { now: play.now };
};

export const acts: Record<string, Act> = {
  advance,
  pay: async (play, params) => {
    const session = params.needed('session');
    const account = ownerOf(play, 'sessions', session);
    const [email, name, card] = [params.text('email'), params.text('name'), params.one('card', cards)];
    await account.pay(session, { ...(email && { email }), ...(name && { name }), ...(card && { card }) });
    return account.ledger.get(account.ledger.sessions, session);
  },
  refund: async (play, params) => {
    const { account, intent } = paymentNamed(play, params);
    await account.refund(intent, params.integer('amount'));
    return [...account.refunds.values()].at(-1)!;
  },
  dispute: async (play, params) => {
    const { account, intent } = paymentNamed(play, params);
    return account.disputes.get(await account.openDispute(intent))!;
  },
  'close-dispute': async (play, params) => {
    const id = params.needed('dispute');
    const account = ownerOf(play, 'disputes', id);
    await account.closeDispute(id, params.one('outcome', ['won', 'lost'] as const) ?? 'lost');
    return account.disputes.get(id)!;
  },
  card: async (play, params) => {
    const subscription = params.text('subscription');
    const known = subscription === undefined ? undefined : ownerOf(play, 'subscriptions', subscription).subscriptions.get(subscription);
    const customer = known?.customer ?? params.needed('customer');
    const card: Card = params.one('card', cards) ?? 'declined';
    const account = ownerOf(play, 'customers', customer);
    account.setCard(customer, card);
    await account.settled();
    return { customer, card };
  },
  subscription: async (play, params) => {
    const id = params.needed('subscription');
    const account = ownerOf(play, 'subscriptions', id);
    const [quantity, price] = [params.integer('quantity'), params.text('price')];
    const [cancel, pause] = [params.flag('cancel_at_period_end'), params.flag('pause')];
    await account.updateSubscription(id, {
      ...(quantity !== undefined && { quantity }),
      ...(price !== undefined && { price }),
      ...(cancel !== undefined && { cancel_at_period_end: cancel }),
      ...(pause !== undefined && { pause }),
    });
    return account.subscriptions.get(id)!;
  },
  cancel: async (play, params) => {
    const id = params.needed('subscription');
    const account = ownerOf(play, 'subscriptions', id);
    await account.cancelSubscription(id);
    return account.subscriptions.get(id)!;
  },
  'pay-invoice': async (play, params) => {
    const subscription = params.text('subscription');
    const id = subscription ?? params.needed('invoice');
    await ownerOf(play, subscription === undefined ? 'invoices' : 'subscriptions', id).payOpenInvoice(id);
    return { paid: id };
  },
  send: async (play, params) => {
    const id = params.needed('event');
    const owner = play.everyAccount.find(({ events }) => events.some((event) => event.id === id));
    if (!owner) throw new ApiError(404, `There is no event '${id}'.`);
    const event = owner.events.find((each) => each.id === id)!;
    await owner.deliver(event);
    return { event: id, deliveries: deliveriesOf(owner, event) };
  },
  fault: async (play, params) => {
    const fault = params.one('fault', faults) ?? 'none';
    play.fault = fault === 'none' ? null : fault;
    return { fault: play.fault };
  },
};

export const deliveriesOf = ({ deliveries }: FakeAccount, event: FakeEvent) =>
  deliveries.of(event).map(({ hook, tries, status, problem }) => ({ url: hook.url, tries, status, problem }));

/** Everything there is, for programs. */
export const stateOf = (play: Playground): object => ({
  now: play.now,
  fault: play.fault,
  accounts: play.everyAccount.map((account) => ({
    secret_key: account.secretKey,
    delivery: account.delivery,
    webhooks: account.deliveries.hooks.map(({ url, shape }) => ({ url, shape })),
    ...Object.fromEntries(([...kinds, 'prices', 'charges', 'refunds'] as const).map((kind) => [kind, [...account.ledger[kind].values()]])),
    events: account.events.map((event) => ({ ...event, deliveries: deliveriesOf(account, event) })),
  })),
});
