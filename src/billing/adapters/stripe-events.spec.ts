import fc from 'fast-check';
import { bodyOf, liveThrough, stripeDesk, type StripeDesk } from '../../../test/fixtures/stripe-story';
import { UnreadableEvent } from '../domain/errors';
import { readEvent } from './stripe-events';

const at = 1_800_000_000;
const anEvent = (type: string, object: object, part: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ id: 'evt_1', object: 'event', type, created: at, data: { object }, ...part }));
const aSubscription = (part: object = {}) => ({
  id: 'sub_1',
  object: 'subscription',
  customer: 'cus_1',
  status: 'active',
  cancel_at: null,
  cancel_at_period_end: false,
  pause_collection: null,
  metadata: { latchkey_plan: 'pro' },
  items: { object: 'list', data: [{ id: 'si_1', price: { id: 'price_1' }, quantity: 4, current_period_end: at + 10 }] },
  ...part,
});
const newsOf = (body: Buffer) => {
  const { about } = readEvent(body);
  if (about.about !== 'purchase') throw new Error(`about ${about.about}`);
  return about.news;
};
const termsOf = (part: object) => newsOf(anEvent('customer.subscription.updated', aSubscription(part))).terms!;

describe('Events of Stripe', () => {
  let desk: StripeDesk;
  beforeAll(async () => {
    desk = await stripeDesk();
    await liveThrough(desk);
  }, 30_000);
  afterAll(() => desk.close());

  it('tell the same in the shape of the newest API and in the one before 2025-03', () => {
    const seen = new Map<string, number>();
    for (const event of desk.account.events) {
      const read = readEvent(bodyOf(desk.account, event));
      expect(readEvent(bodyOf(desk.account, event, 'old'))).toEqual(read);
      const kind = `${read.about.about} ${event.type}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    const told = [...seen.keys()].filter((kind) => !kind.startsWith('nothing'));
    expect(told.sort()).toEqual([
      'payment charge.dispute.closed',
      'payment charge.dispute.created',
      'payment charge.dispute.funds_reinstated',
      'payment charge.dispute.funds_withdrawn',
      'payment charge.refunded',
      'purchase checkout.session.completed',
      'purchase customer.subscription.created',
      'purchase customer.subscription.deleted',
      'purchase customer.subscription.trial_will_end',
      'purchase customer.subscription.updated',
      'purchase invoice.finalized',
      'purchase invoice.paid',
      'purchase invoice.payment_action_required',
      'purchase invoice.payment_failed',
      'purchase invoice.payment_succeeded',
    ]);
    console.log(`${desk.account.events.length} events of ${seen.size} kinds read alike in both shapes; told: ${told.join(', ')}`);
  });

  it('read as anything or as unreadable, whatever becomes of them on the way', () => {
    const originals = desk.account.events
      .filter(({ type }) => !/^(price|product|payment_method)/.test(type))
      .flatMap((event) => (['new', 'old'] as const).map((shape) => JSON.parse(bodyOf(desk.account, event, shape).toString()) as object));
    const outcomes = { read: 0, unreadable: 0 };
    const mutated = fc.record({
      event: fc.constantFrom(...originals),
      changes: fc.array(fc.record({ place: fc.nat(), value: hostile, drop: fc.boolean(), aimed: fc.boolean() }), {
        minLength: 1,
        maxLength: 4,
      }),
    });
    fc.assert(
      fc.property(mutated, ({ event, changes }) => {
        const changed = structuredClone(event);
        for (const change of changes) spoil(changed, change);
        try {
          storable(readEvent(Buffer.from(JSON.stringify(changed))));
          outcomes.read++;
        } catch (error) {
          if (!(error instanceof UnreadableEvent)) throw error;
          storable(error.message);
          expect(error.message.length).toBeLessThan(700);
          outcomes.unreadable++;
        }
      }),
      { numRuns: 5_000 },
    );
    console.log(`spoilt events: ${outcomes.read} read, ${outcomes.unreadable} unreadable`);
    expect(Math.min(outcomes.read, outcomes.unreadable)).toBeGreaterThan(300);
  }, 60_000);

  it('are unreadable when they are no text, no JSON, no event, or nested without end', () => {
    const deep = '{"data":'.repeat(30_000) + '1' + '}'.repeat(30_000);
    const bodies = [
      Buffer.from([0xff, 0xfe]),
      Buffer.from(''),
      ...['{', '[]', '1', 'null', '{}', '['.repeat(100_000), deep].map((text) => Buffer.from(text)),
    ];
    for (const body of bodies) expect(() => readEvent(body)).toThrow(UnreadableEvent);
    const items = `{"data":${deep}}`;
    const nested = anEvent('customer.subscription.updated', aSubscription({ items: 'here' }))
      .toString()
      .replace('"here"', items);
    expect(() => readEvent(Buffer.from(nested))).toThrow(UnreadableEvent);
    expect(() => readEvent(anEvent('customer.subscription.updated', aSubscription(), { object: 'v2.core.event' }))).toThrow('thin');
  });

  it('concern no license when nobody here knows what to do about them', () => {
    const reasons = [
      anEvent('toString', {}),
      anEvent('customer.created', {}),
      anEvent('checkout.session.expired', {}),
      anEvent('checkout.session.completed', { id: 'cs_1', mode: 'setup' }),
      anEvent('invoice.paid', { id: 'in_1' }),
      anEvent('refund.created', { id: 're_1', status: 'succeeded', charge: 'ch_1' }),
      anEvent('customer.subscription.updated', aSubscription(), { account: 'acct_1' }),
    ].map((body) => readEvent(body).about);
    expect(reasons.map(({ about }) => about)).toEqual(reasons.map(() => 'nothing'));
    expect(reasons).toContainEqual({ about: 'nothing', reason: 'of a connected account' });
  });
});

describe('What Stripe tells of a subscription', () => {
  it('is read from its items, and from itself where it is older', () => {
    const told = { status: 'active', paused: false, renews: true, priceId: 'price_1', quantity: 4, trialEnd: null, endedAt: null };
    expect(termsOf({})).toEqual({ ...told, periodEnd: new Date((at + 10) * 1000) });
    const old = { current_period_end: at + 20, items: undefined, plan: { id: 'gold-monthly' }, quantity: 7 };
    expect(termsOf(old)).toEqual({ ...told, priceId: 'gold-monthly', quantity: 7, periodEnd: new Date((at + 20) * 1000) });
  });

  it('is of its first item, until the latest of all ends', () => {
    const items = [
      { price: 'price_a', quantity: 2, current_period_end: at + 1 },
      { price: 'price_b', quantity: 9, current_period_end: at + 2 },
    ];
    expect(termsOf({ items: { data: items } })).toMatchObject({ priceId: 'price_a', quantity: 2, periodEnd: new Date((at + 2) * 1000) });
    expect(termsOf({ items: { data: [{ price: 'price_metered' }] } })).toMatchObject({ quantity: 1 });
    expect(termsOf({ items: { data: [{ price: 'price_1', quantity: 0 }] } })).toMatchObject({ quantity: 1 });
  });

  it('says whether another period follows, and whether collecting is paused', () => {
    expect(termsOf({ cancel_at_period_end: true })).toMatchObject({ renews: false });
    expect(termsOf({ cancel_at: at + 5 })).toMatchObject({ renews: false });
    expect(termsOf({ pause_collection: { behavior: 'void', resumes_at: null } })).toMatchObject({ paused: true, renews: true });
    expect(termsOf({ status: 'paused' })).toMatchObject({ status: 'paused', paused: false });
    expect(termsOf({ status: 'incomplete_expired', canceled_at: at })).toMatchObject({
      status: 'ended',
      renews: false,
      endedAt: new Date(at * 1000),
    });
    expect(termsOf({ status: 'canceled', ended_at: at + 1, canceled_at: at })).toMatchObject({ endedAt: new Date((at + 1) * 1000) });
    for (const status of ['on_fire', 'constructor', 5, null]) expect(() => termsOf({ status })).toThrow(UnreadableEvent);
  });

  it('names a customer, without what no customer is called', () => {
    const buyer = (customer: unknown) => newsOf(anEvent('customer.subscription.created', aSubscription({ customer }))).buyer;
    expect(buyer('cus_1')).toEqual({ id: 'cus_1', email: null, name: null });
    const name = `A\0d\na ${'x'.repeat(10_000)}`;
    const whole = buyer({ id: 'cus_1', email: 'Ada@Example.com', name })!;
    expect(whole).toMatchObject({ id: 'cus_1', email: 'ada@example.com' });
    expect(whole.name).toMatch(/^A d a x{194}$/);
    for (const email of ['ada', 'a@b@c', `${'a'.repeat(250)}@b.com`, 'a\0@b.com', 'Ada <ada@b.com>', 5, ['a@b.com']])
      expect(buyer({ id: 'cus_1', email })).toMatchObject({ email: null });
    expect(buyer({ id: 'cus_1', name: `${'😀'.repeat(300)}` })!.name).toBe('😀'.repeat(200));
    expect(buyer({ id: 'cus_1', name: '\ud800' })!.name).toBeNull();
  });
});

describe('What Stripe tells of money', () => {
  const anInvoice = (part: object = {}) => ({
    id: 'in_1',
    customer: 'cus_1',
    status: 'open',
    created: at,
    currency: 'EUR',
    amount_due: 900,
    parent: { subscription_details: { subscription: 'sub_1' } },
    ...part,
  });
  const invoice = (part: object, type = 'invoice.updated') => newsOf(anEvent(type, anInvoice(part))).invoices[0]!;

  it('says of an open invoice that it failed, once a try did', () => {
    expect(invoice({})).toMatchObject({ status: 'open', currency: 'eur', amountDue: 900, amountPaid: 0, periodEnd: null, actionUrl: null });
    expect(invoice({}, 'invoice.payment_failed').status).toBe('failed');
    expect(invoice({}, 'invoice.payment_action_required').status).toBe('failed');
    expect(invoice({ status: 'paid' }, 'invoice.payment_failed').status).toBe('paid');
  });

  it('says up to when an invoice pays: by the lines of the subscription, else by any, else by itself', () => {
    const line = (end: number, type: string) => ({ period: { start: at, end }, parent: { type } });
    const lines = [
      line(at + 5, 'subscription_item_details'),
      line(at + 9, 'invoice_item_details'),
      line(at + 3, 'subscription_item_details'),
    ];
    const end = (seconds: number) => new Date((at + seconds) * 1000);
    expect(invoice({ lines: { data: lines } }).periodEnd).toEqual(end(5));
    expect(invoice({ lines: { data: [line(at + 9, 'invoice_item_details')] } }).periodEnd).toEqual(end(9));
    expect(invoice({ lines: { data: [] }, period_end: at + 1 }).periodEnd).toEqual(end(1));
  });

  it('refuses amounts, times and currencies that are none, and shows no link but those of the web', () => {
    for (const part of [
      { amount_due: 1e16 },
      { amount_due: 1.5 },
      { amount_due: '9' },
      { created: -5 },
      { created: 253_402_300_799 },
      { currency: 'e' },
    ])
      expect(() => invoice(part)).toThrow(UnreadableEvent);
    expect(invoice({ hosted_invoice_url: 'https://invoice.stripe.com/i/1' }).actionUrl).toBe('https://invoice.stripe.com/i/1');
    for (const url of ['javascript:alert(1)', 'https://', 'mailto:a@b.c', 7, `https://x/${'y'.repeat(3_000)}`])
      expect(invoice({ hosted_invoice_url: url }).actionUrl).toBeNull();
  });

  const once = (part: object) =>
    newsOf(
      anEvent('checkout.session.completed', {
        id: 'cs_1',
        mode: 'payment',
        payment_status: 'paid',
        payment_intent: 'pi_1',
        customer: 'cus_1',
        customer_details: { email: 'Ada@b.com', name: 'Ada' },
        metadata: { latchkey_plan: 'for_ever', latchkey_quantity: '3' },
        ...part,
      }),
    );

  it('says of a checkout what was bought once, and whether it is paid', () => {
    expect(once({})).toMatchObject({
      subject: 'cs_1',
      kind: 'payment',
      terms: { status: 'active', quantity: 3, renews: false },
      buyer: { id: 'cus_1', email: 'ada@b.com', name: 'Ada' },
      planCode: 'for_ever',
      payments: [{ id: 'pi_1', refunded: false, dispute: 'none' }],
    });
    expect(once({ payment_status: 'unpaid' })).toMatchObject({ terms: { status: 'incomplete' }, payments: [] });
    expect(once({ payment_status: 'no_payment_required', payment_intent: null })).toMatchObject({
      terms: { status: 'active' },
      payments: [],
    });
    for (const latchkey_quantity of ['0', '-1', '1e3', '9999999999', 'x', ''])
      expect(once({ metadata: { latchkey_quantity } }).terms!.quantity).toBe(1);
    expect(once({ mode: 'subscription', subscription: 'sub_9' })).toMatchObject({
      subject: 'sub_9',
      kind: 'subscription',
      terms: null,
      payments: [],
    });
  });

  it('says what was taken back, or is asked back', () => {
    const payment = (type: string, object: object) => readEvent(anEvent(type, object)).about;
    const charge = { id: 'ch_1', payment_intent: 'pi_1', customer: 'cus_1', refunded: true, disputed: false };
    const told = (id: string, refunded: boolean, dispute: string) => expect.objectContaining({ payment: { id, refunded, dispute } });
    expect(payment('charge.refunded', charge)).toEqual({
      about: 'payment',
      customerId: 'cus_1',
      payment: { id: 'pi_1', refunded: true, dispute: 'none' },
    });
    expect(payment('charge.refunded', { ...charge, refunded: false, disputed: true })).toEqual(told('pi_1', false, 'open'));
    expect(payment('charge.refunded', { ...charge, payment_intent: null })).toEqual(told('ch_1', true, 'none'));
    expect(payment('refund.failed', { id: 're_1', status: 'failed', payment_intent: 'pi_1' })).toEqual(told('pi_1', false, 'none'));
    const states = {
      needs_response: 'open',
      under_review: 'open',
      anything_new: 'open',
      won: 'won',
      lost: 'lost',
      prevented: 'lost',
      warning_closed: 'none',
    };
    for (const [status, state] of Object.entries(states))
      expect(payment('charge.dispute.updated', { id: 'du_1', charge: 'ch_1', payment_intent: 'pi_1', status })).toEqual(
        told('pi_1', false, state),
      );
  });
});

/** Values that nobody expects there. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1.5,
    1e308,
    -1e15,
    2 ** 53,
    253_402_300_799,
    '',
    '\0',
    '\ud800',
    'a\nb',
    [],
    {},
    [[]],
    [null],
    { data: {} },
  ),
  fc.constantFrom<unknown>('__proto__', 'constructor', 'x'.repeat(10_000), { data: [1] }, { id: 7 }, { constructor: 1 }, { id: 'sub_1\0' }),
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.integer(),
);

/** Those that are looked at; what stands in others makes no difference. */
const fieldsRead = new Set(
  (
    'id type created data object customer status items price plan quantity current_period_end trial_end cancel_at ended_at metadata latchkey_plan ' +
    'latchkey_quantity pause_collection parent subscription_details subscription lines period end amount_due amount_paid currency hosted_invoice_url ' +
    'customer_email customer_name customer_details email name mode payment_status payment_intent charge refunded disputed'
  ).split(' '),
);

/** Puts the value at one of the places of the event, or takes away what is there. */
function spoil(event: object, { place, value, drop, aimed }: { place: number; value: unknown; drop: boolean; aimed: boolean }): void {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (thing: unknown) => {
    if (typeof thing !== 'object' || thing === null) return;
    for (const name of Object.keys(thing)) {
      places.push([thing as Record<string, unknown>, name]);
      walk((thing as Record<string, unknown>)[name]);
    }
  };
  walk(event);
  const read = places.filter(([, name]) => !aimed || fieldsRead.has(name));
  const [thing, name] = read[place % Math.max(read.length, 1)] ?? [{}, ''];
  if (drop) delete thing[name];
  else thing[name] = structuredClone(value);
}

/** Every text can be kept in PostgreSQL, every number and time too. */
function storable(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed() || value.length > 2_048) throw new Error(`Not storable: ${JSON.stringify(value)}`);
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error(`Not storable: ${value}`);
  } else if (value instanceof Date) {
    if (!(value.getTime() >= Date.UTC(2000, 0) && value.getTime() < Date.UTC(2100, 0))) throw new Error(`Not a time: ${value.getTime()}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) storable(each);
  }
}
