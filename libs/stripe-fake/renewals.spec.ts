import { Inbox } from './inbox';
import { type FakeAccount, type FakeEvent, type FakeInvoice, type FakeSubscription, StripeFake } from './index';

const at = (date: string): number => Date.parse(date) / 1000;
const day = 86_400;

let fake: StripeFake;
let account: FakeAccount;
let seen = 0;

beforeEach(async () => {
  fake = await StripeFake.start({ now: new Date('2027-01-31T09:00:00Z') });
  account = fake.account('sk_test_life');
  seen = 0;
});

afterEach(() => fake.stop());

const subscribe = async (more: { price?: string; quantity?: number; trialDays?: number } = {}): Promise<FakeSubscription> =>
  account.subscriptions.get(await account.createSubscription({ email: 'jane@example.com', price: 'price_monthly', ...more }))!;

const invoicesOf = (subscription: FakeSubscription): FakeInvoice[] =>
  [...account.invoices.values()].filter(({ parent }) => parent?.subscription_details.subscription === subscription.id);

const periodOf = (subscription: FakeSubscription) => {
  const { current_period_start: start, current_period_end: end } = subscription.items.data[0]!;
  return { start, end };
};

/** The events since this was asked for last. */
const news = (): FakeEvent[] => {
  const fresh = account.events.slice(seen);
  seen = account.events.length;
  return fresh;
};
const types = (): string[] => news().map(({ type }) => type);

describe('a subscription that is paid', () => {
  it('renews for a year, each period beginning where the former ended', async () => {
    const subscription = await subscribe();
    await fake.advance({ days: 366 });

    const invoices = invoicesOf(subscription);
    expect(invoices).toHaveLength(13);
    const periods = invoices.map(({ lines }) => lines.data[0]!.period);
    for (const [n, { start }] of periods.slice(1).entries()) expect(start).toBe(periods[n]!.end);
    expect(periods.slice(0, 4).map(({ end }) => new Date(end * 1000).toISOString())).toEqual([
      '2027-02-28T09:00:01.000Z',
      '2027-03-31T09:00:01.000Z',
      '2027-04-30T09:00:01.000Z',
      '2027-05-31T09:00:01.000Z',
    ]);
    expect(invoices.every(({ status, amount_paid }) => status === 'paid' && amount_paid === 1000)).toBe(true);
    expect(new Set(invoices.map(({ number }) => number)).size).toBe(13);
    expect(invoices.slice(1).every(({ billing_reason }) => billing_reason === 'subscription_cycle')).toBe(true);
    expect(periodOf(subscription)).toEqual(periods.at(-1));
    const created = account.events.map((event) => event.created);
    expect(created).toEqual([...created].sort((one, other) => one - other));
  });

  it('renews with a draft, which is final and paid an hour later', async () => {
    const subscription = await subscribe();
    news();
    await fake.advance({ to: new Date('2027-02-28T09:30:00Z') });
    expect(types()).toEqual(['invoice.created', 'customer.subscription.updated']);
    expect(invoicesOf(subscription).at(-1)).toMatchObject({ status: 'draft', attempted: false, number: null });
    expect(subscription).toMatchObject({ status: 'active', latest_invoice: invoicesOf(subscription).at(-1)!.id });

    await fake.advance({ days: 1 });
    expect(types()).toEqual([
      'invoice.finalized',
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice.paid',
      'invoice.payment_succeeded',
      'invoice_payment.paid',
    ]);
    expect(invoicesOf(subscription).at(-1)!.status_transitions).toMatchObject({ paid_at: at('2027-02-28T10:00:01Z') });
  });

  it('names in the renewal what was before', async () => {
    const subscription = await subscribe();
    const before = structuredClone(subscription);
    await fake.advance({ days: 30 });
    const renewed = account.events.findLast(({ type }) => type === 'customer.subscription.updated')!;
    expect(renewed.data.previous_attributes).toEqual({ items: before.items, latest_invoice: before.latest_invoice });
  });

  it('lasts a year where the price says so', async () => {
    const subscription = await subscribe({ price: 'price_yearly' });
    expect(periodOf(subscription)).toEqual({ start: at('2027-01-31T09:00:01Z'), end: at('2028-01-31T09:00:01Z') });
  });
});

describe('a subscription whose card is declined', () => {
  it('is past due, is tried after 3, 5 and 7 days, and ends', async () => {
    const subscription = await subscribe();
    account.setCard(subscription.customer, 'declined');
    await fake.advance({ days: 28.1 });
    news();
    const invoice = invoicesOf(subscription).at(-1)!;
    expect(subscription.status).toBe('past_due');
    expect(invoice).toMatchObject({ status: 'open', attempt_count: 1, next_payment_attempt: at('2027-02-28T10:00:01Z') + 3 * day });

    await fake.advance({ days: 3 });
    expect(types()).toEqual(['charge.failed', 'payment_intent.payment_failed', 'invoice.payment_failed']);
    expect(invoice.next_payment_attempt).toBe(at('2027-02-28T10:00:01Z') + 8 * day);
    await fake.advance({ days: 5 });
    expect(invoice).toMatchObject({ attempt_count: 3, next_payment_attempt: at('2027-02-28T10:00:01Z') + 15 * day });
    news();
    await fake.advance({ days: 7 });
    expect(types()).toEqual([
      'charge.failed',
      'payment_intent.payment_failed',
      'invoice.payment_failed',
      'invoice.updated',
      'customer.subscription.deleted',
    ]);
    expect(subscription).toMatchObject({ status: 'canceled', cancellation_details: { reason: 'payment_failed' } });
    await fake.advance({ days: 100 });
    expect(types()).toEqual([]);
  });

  it('recovers when a later try succeeds', async () => {
    const subscription = await subscribe();
    account.setCard(subscription.customer, 'declined');
    await fake.advance({ days: 29 });
    account.setCard(subscription.customer, 'good');
    news();
    await fake.advance({ days: 3 });
    expect(types()).toEqual([
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice.paid',
      'invoice.payment_succeeded',
      'invoice_payment.paid',
      'customer.subscription.updated',
    ]);
    expect(subscription.status).toBe('active');
    expect(account.events.at(-1)!.data.previous_attributes).toEqual({ status: 'past_due' });
  });

  it('recovers when the customer pays, and tries no more', async () => {
    const subscription = await subscribe();
    account.setCard(subscription.customer, 'declined');
    await fake.advance({ days: 29 });
    await account.payOpenInvoice(subscription.id);
    expect(subscription.status).toBe('active');
    expect(invoicesOf(subscription).at(-1)).toMatchObject({ status: 'paid', next_payment_attempt: null });
    await expect(account.payOpenInvoice(subscription.id)).rejects.toThrow('Nothing is owed');
  });

  it('stays ended when what it owed is paid later', async () => {
    const subscription = await subscribe();
    account.setCard(subscription.customer, 'declined');
    await fake.advance({ days: 60 });
    await account.payOpenInvoice(invoicesOf(subscription).at(-1)!.id);
    expect(invoicesOf(subscription).at(-1)!.status).toBe('paid');
    expect(subscription.status).toBe('canceled');
  });

  it('waits for the customer when his bank asks', async () => {
    const subscription = await subscribe();
    account.setCard(subscription.customer, 'needs_action');
    await fake.advance({ to: new Date('2027-02-28T09:30:00Z') });
    news();
    await fake.advance({ days: 1 });
    expect(types()).toEqual([
      'invoice.finalized',
      'payment_intent.created',
      'payment_intent.requires_action',
      'invoice.payment_action_required',
      'invoice.payment_failed',
      'customer.subscription.updated',
    ]);
    expect(subscription.status).toBe('past_due');
  });

  it('never begins when the first payment fails', async () => {
    const { customer } = await subscribe();
    account.setCard(customer, 'declined');
    const id = await account.createSubscription({ customer, email: 'jane@example.com', price: 'price_monthly' });
    expect(account.subscriptions.get(id)!.status).toBe('incomplete');
    await fake.advance({ days: 1 });
    expect(account.subscriptions.get(id)!.status).toBe('incomplete_expired');
    expect(invoicesOf(account.subscriptions.get(id)!)).toMatchObject([{ status: 'void' }]);
  });
});

describe('a trial', () => {
  it('announces its end three days before, and is paid from then on', async () => {
    const subscription = await subscribe({ trialDays: 14 });
    news();
    await fake.advance({ days: 10.9 });
    expect(types()).toEqual([]);
    await fake.advance({ days: 0.2 });
    expect(types()).toEqual(['customer.subscription.trial_will_end']);
    await fake.advance({ days: 4 });
    expect(subscription.status).toBe('active');
    expect(invoicesOf(subscription).map(({ amount_paid, billing_reason }) => [amount_paid, billing_reason])).toEqual([
      [0, 'subscription_create'],
      [1000, 'subscription_cycle'],
    ]);
    expect(periodOf(subscription)).toEqual({ start: at('2027-02-14T09:00:01Z'), end: at('2027-03-14T09:00:01Z') });
  });

  it('that is shorter announces its end at once', async () => {
    await subscribe({ trialDays: 2 });
    expect(types()).toContain('customer.subscription.trial_will_end');
  });

  it('that is given up is never paid', async () => {
    const subscription = await subscribe({ trialDays: 14 });
    await account.updateSubscription(subscription.id, { cancel_at_period_end: true });
    await fake.advance({ days: 15 });
    expect(subscription).toMatchObject({ status: 'canceled', ended_at: at('2027-02-14T09:00:01Z') });
    expect(invoicesOf(subscription)).toHaveLength(1);
  });
});

describe('a subscription that is changed', () => {
  it('ends at the end of its period, unless the customer thinks better of it', async () => {
    const [leaves, stays] = [await subscribe(), await subscribe()];
    for (const { id } of [leaves, stays]) await account.updateSubscription(id, { cancel_at_period_end: true });
    expect(leaves).toMatchObject({ status: 'active', cancel_at_period_end: true, cancel_at: periodOf(leaves).end });
    await account.updateSubscription(stays.id, { cancel_at_period_end: false });
    expect(stays).toMatchObject({ cancel_at_period_end: false, cancel_at: null, canceled_at: null });

    const { end } = periodOf(leaves);
    await fake.advance({ days: 29 });
    expect(leaves).toMatchObject({ status: 'canceled', ended_at: end, cancellation_details: { reason: 'cancellation_requested' } });
    expect(stays.status).toBe('active');
    expect(invoicesOf(leaves)).toHaveLength(1);
  });

  it('ends at once, and asks for nothing more', async () => {
    const subscription = await subscribe();
    await fake.advance({ to: new Date('2027-02-28T09:30:00Z') });
    await account.cancelSubscription(subscription.id);
    await fake.advance({ days: 60 });
    expect(subscription.status).toBe('canceled');
    expect(invoicesOf(subscription).at(-1)!.status).toBe('draft');
  });

  it('keeps its period while collection rests, and owes nothing for it', async () => {
    const subscription = await subscribe();
    await account.updateSubscription(subscription.id, { pause: true });
    expect(subscription.pause_collection).toEqual({ behavior: 'void', resumes_at: null });
    news();
    await fake.advance({ days: 29 });
    expect(types()).toEqual(['invoice.created', 'customer.subscription.updated', 'invoice.finalized', 'invoice.voided']);
    expect(subscription.status).toBe('active');
    await account.updateSubscription(subscription.id, { pause: false });
    await fake.advance({ days: 31 });
    expect(invoicesOf(subscription).map(({ status }) => status)).toEqual(['paid', 'void', 'paid']);
  });

  it('charges more seats with the next invoice, for the rest of the period', async () => {
    const subscription = await subscribe();
    await fake.advance({ days: 14 });
    await account.updateSubscription(subscription.id, { quantity: 3 });
    expect(account.events.at(-1)!.type).toBe('customer.subscription.updated');
    await fake.advance({ days: 15 });
    const { lines, total } = invoicesOf(subscription).at(-1)!;
    expect(lines.data.map(({ amount }) => amount)).toEqual([-500, 1500, 3000]);
    expect(lines.data.map(({ parent }) => parent.subscription_item_details!.proration)).toEqual([true, true, false]);
    expect(lines.data[0]!.period.end).toBe(lines.data[2]!.period.start);
    expect(total).toBe(4000);
  });

  it('begins a new period today when its rhythm changes', async () => {
    const subscription = await subscribe();
    await fake.advance({ days: 14 });
    await account.updateSubscription(subscription.id, { price: account.createPrice({ interval: 'year', amount: 9900 }) });
    expect(periodOf(subscription)).toEqual({ start: at('2027-02-14T09:00:02Z'), end: at('2028-02-14T09:00:02Z') });
    const invoice = invoicesOf(subscription).at(-1)!;
    expect(invoice).toMatchObject({ status: 'paid', billing_reason: 'subscription_update', total: 9400 });
  });

  it('leaves a credit that pays the next invoice first', async () => {
    const subscription = await subscribe({ quantity: 5 });
    await fake.advance({ days: 14 });
    await account.updateSubscription(subscription.id, { price: account.createPrice({ amount: 0, interval: 'year' }) });
    expect(invoicesOf(subscription).at(-1)).toMatchObject({ status: 'paid', total: -2500, amount_due: 0 });
    expect(account.customers.get(subscription.customer)!.balance).toBe(-2500);
    const next = account.subscriptions.get(
      await account.createSubscription({ customer: subscription.customer, email: '', price: 'price_monthly' }),
    )!;
    expect(invoicesOf(next)).toMatchObject([{ status: 'paid', total: 1000, amount_due: 0 }]);
    expect(account.customers.get(subscription.customer)!.balance).toBe(-1500);
  });
});

describe('a payment', () => {
  const paid = async (): Promise<string> => {
    await subscribe();
    return [...account.paymentIntents.keys()].at(-1)!;
  };

  it('goes back in parts and as a whole', async () => {
    const intent = await paid();
    news();
    await account.refund(intent, 400);
    expect(types()).toEqual(['refund.created', 'charge.refunded']);
    expect([...account.charges.values()][0]).toMatchObject({ amount_refunded: 400, refunded: false });
    await account.refund(intent);
    expect([...account.charges.values()][0]).toMatchObject({ amount_refunded: 1000, refunded: true });
    await expect(account.refund(intent)).rejects.toThrow('already been refunded');
  });

  it.each(['won', 'lost'] as const)('is disputed, and the dispute is %s', async (outcome) => {
    const intent = await paid();
    news();
    const id = await account.openDispute(intent);
    expect(types()).toEqual(['charge.updated', 'charge.dispute.created', 'charge.dispute.funds_withdrawn']);
    await expect(account.refund(intent)).rejects.toThrow('charged back');
    await account.closeDispute(id, outcome);
    expect(types()[0]).toBe('charge.dispute.closed');
    expect(account.disputes.get(id)).toMatchObject({ status: outcome, payment_intent: intent });
    expect([...account.charges.values()][0]!.disputed).toBe(true);
    await expect(account.closeDispute(id, outcome)).rejects.toThrow('closed already');
  });
});

it('lets the times of several accounts happen in one order', async () => {
  const inbox = await Inbox.open();
  const other = fake.account('sk_test_other');
  for (const { secretKey } of [account, other]) fake.addWebhook(secretKey, { url: inbox.url, secret: 'whsec_x' });
  for (const each of [account, other, account]) {
    await fake.advance({ days: 1 });
    await each.createSubscription({ email: 'a@example.com', price: 'price_monthly' });
  }
  await fake.advance({ days: 90 });
  await inbox.close();
  const times = inbox.letters.map(({ body }) => (JSON.parse(body) as FakeEvent).created);
  const renewals = [account, other].flatMap(({ invoices }) => [...invoices.values()]);
  const late = renewals.filter(({ created, lines }) => created !== lines.data[0]!.period.start);
  expect([renewals.length, late.length]).toEqual([12, 0]);
  expect(times.length).toBe(account.events.length + other.events.length);
  expect(times).toEqual([...times].sort((one, next) => one - next));
});
