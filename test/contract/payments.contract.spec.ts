import { IdempotencyKeyReused } from '../../libs/http/refusals';
import { StripeFake } from '../../libs/stripe-fake';
import { StripeClients } from '../../src/billing/adapters/stripe-clients';
import { StripePayments } from '../../src/billing/adapters/stripe-payments';
import { CheckoutRefused, ProviderAway } from '../../src/billing/domain/errors';
import { type AccountAccess, Payments } from '../../src/billing/ports/payments';
import { aCheckout, anAccess, bodyOf, liveThrough, paymentOf, stripeDesk, type StripeDesk } from '../fixtures/stripe-story';

describe(`${Payments.name} at Stripe`, () => {
  let desk: StripeDesk;
  let payments: Payments;
  let access: AccountAccess;
  let told: Awaited<ReturnType<typeof liveThrough>>;
  beforeAll(async () => {
    desk = await stripeDesk();
    ({ payments, access } = desk);
    told = await liveThrough(desk);
  }, 30_000);
  afterAll(() => desk.close());
  const look = (subject: string) => payments.look(access, subject);
  const requests = async (ask: () => Promise<unknown>): Promise<number> => {
    const before = desk.fake.requests.length;
    await ask();
    return desk.fake.requests.length - before;
  };

  it('tells all of a subscription as it is now', async () => {
    const news = (await look(told.tried))!;
    const { current_period_end, price } = desk.account.subscriptions.get(told.tried)!.items.data[0]!;
    expect(news).toMatchObject({
      subject: told.tried,
      kind: 'subscription',
      whole: true,
      asOf: desk.fake.now,
      planCode: 'pro_monthly',
      buyer: { email: 'ada@example.com', name: 'Ada Löve' },
      terms: { priceId: price.id, quantity: 5, renews: expect.any(Boolean), periodEnd: new Date(current_period_end * 1000) },
    });
    const own = [...desk.account.invoices.values()].filter((each) => each.parent?.subscription_details.subscription === told.tried);
    expect(news.invoices.map(({ id }) => id).sort()).toEqual(own.map(({ id }) => id).sort());
    const ofTrial = news.invoices.reduce((first, each) => (each.createdAt < first.createdAt ? each : first));
    expect(ofTrial).toMatchObject({ status: 'paid', amountDue: 0, amountPaid: 0, periodEnd: news.terms!.trialEnd });
    expect(news.payments.length).toBeGreaterThanOrEqual(2);
    expect(news.payments.filter(({ dispute }) => dispute === 'won')).toHaveLength(1);
    expect(news.payments.filter(({ refunded }) => refunded)).toEqual([]);
    expect(await requests(() => look(told.failed))).toBe(3);
  });

  it('tells the same terms as the last event did', async () => {
    const last = desk.account.events.findLast(
      ({ type, data }) => type.startsWith('customer.subscription.') && data.object.id === told.failed,
    )!;
    const { about } = payments.read(bodyOf(desk.account, last));
    const news = (await look(told.failed))!;
    expect(about).toMatchObject({ about: 'purchase', subject: told.failed, news: { terms: news.terms, planCode: news.planCode } });
    expect(news.terms).toMatchObject({ status: 'ended', renews: false, endedAt: expect.any(Date) });
  });

  it('says of an invoice that it failed while Stripe tries in vain, and no more once it is paid', async () => {
    const purchase = await desk.buy({ customerEmail: 'tim@example.com' });
    desk.account.setCard(desk.account.subscriptions.get(purchase)!.customer, 'declined');
    await desk.fake.advance({ days: 32 });
    const newest = async () => {
      const { terms, invoices, payments: paid } = (await look(purchase))!;
      return [terms!.status, invoices.reduce((last, each) => (each.createdAt > last.createdAt ? each : last)).status, paid.length];
    };
    expect(await newest()).toEqual(['past_due', 'failed', 1]);
    await desk.account.payOpenInvoice(purchase);
    expect(await newest()).toEqual(['active', 'paid', 2]);
    const payment = paymentOf(desk.account, purchase);
    await desk.account.refund(payment);
    expect([...desk.account.charges.values()].filter((charge) => charge.payment_intent === payment).length).toBeGreaterThan(1);
    expect((await look(purchase))!.payments.find(({ id }) => id === payment)).toMatchObject({ refunded: true });
  });

  it('tells what was bought once, and what was taken back of it', async () => {
    const lost = (await look(told.once))!;
    expect(lost).toMatchObject({
      subject: told.once,
      kind: 'payment',
      whole: true,
      planCode: 'for_ever',
      terms: { status: 'active', quantity: 2, priceId: 'price_once', renews: false, periodEnd: null },
      payments: [{ id: paymentOf(desk.account, told.once), refunded: false, dispute: 'lost' }],
      invoices: [],
    });
    const other = await desk.buy({ mode: 'payment', priceId: 'price_once', customerEmail: 'zoe@example.com' });
    const payment = paymentOf(desk.account, other);
    await desk.account.refund(payment, 10);
    expect((await look(other))!.payments).toEqual([{ id: payment, refunded: false, dispute: 'none' }]);
    await desk.account.openDispute(payment);
    expect((await look(other))!.payments).toEqual([{ id: payment, refunded: false, dispute: 'open' }]);
  });

  it('tells that a subscription was refunded', async () => {
    const purchase = await desk.buy({ customerEmail: 'ina@example.com' });
    await desk.account.refund(paymentOf(desk.account, purchase));
    expect((await look(purchase))!.payments).toEqual([{ id: paymentOf(desk.account, purchase), refunded: true, dispute: 'none' }]);
  });

  it('reads all pages of a long life', async () => {
    const purchase = await desk.buy({ customerEmail: 'old@example.com' });
    await desk.fake.advance({ days: 30.44 * 130 });
    const { invoices, payments: paid } = (await look(purchase))!;
    expect(invoices.length).toBeGreaterThan(125);
    expect(paid).toHaveLength(invoices.length);
    await desk.account.cancelSubscription(purchase);
  }, 30_000);

  it('knows nothing of what is not there, and does not ask for what cannot be', async () => {
    for (const subject of ['sub_nobody', 'cs_test_nobody']) expect(await look(subject)).toBeNull();
    expect(await payments.purchaseOf(access, 'pi_nobody')).toBeNull();
    expect(await payments.customer(access, 'cus_nobody')).toBeNull();
    const { id: open } = await payments.openCheckout(access, aCheckout());
    expect(await look(open)).toBeNull();
    const never = ['', 'sub_', 'in_1', 'sub_../x', 'sub_1/../../x', '../sub_1', `sub_${'1'.repeat(300)}`, 'cs_\0'];
    expect(await requests(() => Promise.all(never.map(look)).then((all) => expect(all).toEqual(never.map(() => null))))).toBe(0);
    expect(await requests(() => payments.purchaseOf(access, 'ch_1'))).toBe(0);
    expect(await requests(() => payments.customer(access, '..'))).toBe(0);
    const other = anAccess({ secretKey: 'sk_test_latchkey_other' });
    expect(await payments.look(other, told.tried)).toBeNull();
  });

  it('finds the purchase of a payment: by the first one, by a later one, and bought once', async () => {
    const purchase = await desk.buy({ customerEmail: 'joe@example.com' });
    const first = paymentOf(desk.account, purchase);
    await desk.fake.advance({ days: 32 });
    const later = paymentOf(desk.account, purchase);
    expect(later).not.toBe(first);
    const once = paymentOf(desk.account, told.once);
    expect(await Promise.all([first, later, once].map((id) => payments.purchaseOf(access, id)))).toEqual([purchase, purchase, told.once]);
  });

  it('opens one checkout for one key, and notes on it what it is for', async () => {
    const asked = aCheckout({ trialDays: 7, quantity: 2 });
    const opened = await payments.openCheckout(access, asked);
    expect(opened).toMatchObject({ replayed: false, url: expect.stringContaining(opened.id), expiresAt: expect.any(Date) });
    expect(await payments.openCheckout(access, asked)).toEqual({ ...opened, replayed: true });
    await expect(payments.openCheckout(access, { ...asked, quantity: 3 })).rejects.toThrow(IdempotencyKeyReused);
    expect(desk.account.sessions.get(opened.id)).toMatchObject({
      mode: 'subscription',
      metadata: { latchkey_plan: 'pro_monthly', latchkey_quantity: '2' },
      customer_email: 'ada@example.com',
      success_url: asked.successUrl,
      cancel_url: asked.cancelUrl,
    });
    await desk.account.pay(opened.id);
    const { subscription } = desk.account.sessions.get(opened.id)!;
    expect(desk.account.subscriptions.get(subscription!)).toMatchObject({
      status: 'trialing',
      metadata: { latchkey_plan: 'pro_monthly', latchkey_quantity: '2' },
    });
  });

  it('says in the words of Stripe why there is no checkout or portal', async () => {
    const monthly = desk.account.createPrice({ interval: 'month' });
    const recurring = payments.openCheckout(access, aCheckout({ mode: 'payment', priceId: monthly }));
    await expect(recurring).rejects.toThrow(CheckoutRefused);
    await expect(recurring).rejects.toThrow('recurring price');
    await expect(payments.openPortal(access, 'cus_nobody', 'https://shop.example')).rejects.toThrow('cus_nobody');
  });

  it('opens the portal of a customer, for one key once', async () => {
    const { customer } = desk.account.subscriptions.get(told.tried)!;
    const open = (key?: string) => payments.openPortal(access, customer, 'https://shop.example/account', key);
    const opened = await open('portal');
    expect(opened).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/portal\//);
    expect(await open('portal')).toBe(opened);
    for (const key of ['another', undefined]) expect(await open(key)).not.toBe(opened);
  });

  it('knows a customer and all that he has bought', async () => {
    const purchase = await desk.buy({ customerEmail: 'Lea@Example.com' });
    const { customer } = desk.account.subscriptions.get(purchase)!;
    const second = await desk.account.createSubscription({ customer, email: 'lea@example.com', price: 'price_other' });
    await desk.account.cancelSubscription(second);
    const known = (await payments.customer(access, customer))!;
    expect(known.buyer).toEqual({ id: customer, email: 'lea@example.com', name: 'Ada Löve' });
    expect(known.subjects.sort()).toEqual([purchase, second].sort());
    const { customer: once } = desk.account.sessions.get(told.once)!;
    expect((await payments.customer(access, once!))!.subjects).toEqual([told.once]);
  });

  it('lists every subscription, and what was bought once since then, page by page', async () => {
    const before = desk.fake.now;
    await desk.fake.advance({ days: 1 });
    const made: string[] = [];
    for (let i = 0; i < 205; i++) made.push(await desk.account.createSubscription({ email: `n${i}@example.com`, price: 'price_many' }));
    const once = await desk.buy({ mode: 'payment', priceId: 'price_once' });
    const pages: string[][] = [];
    let cursor: string | null = null;
    do {
      const { items, next } = await payments.list(access, before, cursor);
      pages.push(items.map(({ subject }) => subject));
      cursor = next;
    } while (cursor);
    const listed = pages.flat();
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.filter((subject) => subject.startsWith('sub_')).sort()).toEqual([...desk.account.subscriptions.keys()].sort());
    expect(listed.filter((subject) => subject.startsWith('cs_'))).toEqual([once]);
    expect(pages.length).toBeGreaterThanOrEqual(4);
  }, 30_000);
});

describe(`${Payments.name} while Stripe is not itself`, () => {
  let desk: StripeDesk;
  let purchase: string;
  let customer: string;
  let once: string;
  let payment: string;
  beforeAll(async () => {
    desk = await stripeDesk();
    purchase = await desk.buy();
    payment = paymentOf(desk.account, purchase);
    once = await desk.buy({ mode: 'payment', priceId: 'price_once' });
    ({ customer } = desk.account.subscriptions.get(purchase)!);
  });
  afterAll(() => desk.close());

  const questions: Record<string, (idempotencyKey: string) => Promise<unknown>> = {
    look: () => desk.payments.look(desk.access, purchase),
    'look at one bought once': () => desk.payments.look(desk.access, once),
    purchaseOf: () => desk.payments.purchaseOf(desk.access, payment),
    customer: () => desk.payments.customer(desk.access, customer),
    list: () => desk.payments.list(desk.access, new Date(), null),
    openPortal: () => desk.payments.openPortal(desk.access, customer, 'https://shop.example'),
    openCheckout: (idempotencyKey) => desk.payments.openCheckout(desk.access, aCheckout({ idempotencyKey })),
  };
  const outcome = async (ask: Promise<unknown>): Promise<unknown> => ask.catch((error: unknown) => error);

  it.each(['refuse', 'hang', 'lost', 'error500', 'error429', 'malformed'] as const)(
    'says so in time when it does this: %s, and opens nothing twice after',
    async (fault) => {
      const key = `key of ${fault}`;
      const before = desk.account.sessions.size;
      desk.fake.fault = fault;
      const began = performance.now();
      const timings = await Promise.all(
        Object.entries(questions).map(async ([name, ask]) => {
          const error = await outcome(ask(key));
          expect([name, error]).toEqual([name, expect.any(ProviderAway)]);
          expect((error as ProviderAway).why).toMatch(/^[ -~…]{5,400}$/);
          return [name, performance.now() - began] as const;
        }),
      );
      desk.fake.fault = null;
      const slowest = Math.max(...timings.map(([, ms]) => ms));
      console.log(`${fault}: ${timings.length} questions, the slowest away after ${Math.round(slowest)} ms`);
      expect(slowest).toBeLessThan(9_900);

      const opened = await desk.payments.openCheckout(desk.access, aCheckout({ idempotencyKey: key }));
      expect(opened.replayed).toBe(fault === 'lost');
      expect(desk.account.sessions.size - before).toBe(1);
      expect(await desk.payments.look(desk.access, purchase)).toMatchObject({ subject: purchase, whole: true });
    },
    20_000,
  );

  it('says so when nobody is there at all', async () => {
    const gone = await StripeFake.start();
    await gone.stop();
    const clients = new StripeClients({ fakeUrl: gone.url });
    await expect(new StripePayments(clients).look(desk.access, purchase)).rejects.toMatchObject({
      why: expect.stringContaining('ECONNREFUSED'),
    });
    await clients.onApplicationShutdown();
  });
});
