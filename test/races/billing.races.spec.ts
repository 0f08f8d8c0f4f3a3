import { newId } from '../../libs/kernel/id';
import { Background } from '../../libs/messaging/background';
import { type FakeEvent, StripeFake } from '../../libs/stripe-fake';
import { runtimeUrl } from '../../libs/testing/database';
import { callOn, startTestService, type TestService } from '../../libs/testing/service';
import { ok } from '../../libs/testing/world';
import { PostgresInbox } from '../../src/billing/adapters/postgres-inbox';
import { Purchase } from '../../src/billing/domain/purchase';
import { Payments } from '../../src/billing/ports/payments';
import { secrets } from '../fixtures/processes';
import { serviceOver } from '../fixtures/services';
import { openShop, type Shop } from '../fixtures/shop';
import { permutations, pick, shuffled, stories } from '../fixtures/stripe-life';

const long = process.env.FAULTS === 'long';
jest.setTimeout(long ? 900_000 : 120_000);

const say = (line: string) => process.stdout.write(`billing: ${line}\n`);
type Which = keyof typeof stories;

/** A purchase whose story was lived, and of which nothing was told yet. */
interface Bought {
  readonly which: Which;
  readonly email: string;
  readonly subject: string;
  readonly story: FakeEvent[];
}

/** Three services over one database; what Stripe tells goes to any of them, and each of them works on it. */
describe('What Stripe tells of purchases', () => {
  let service: TestService;
  let others: Awaited<ReturnType<typeof serviceOver>>[];
  let stripe: StripeFake;
  let shop: Shop;
  beforeAll(async () => {
    stripe = await StripeFake.start({ now: new Date() });
    const settings = { STRIPE_FAKE_URL: stripe.url, DATABASE_POOL_SIZE: '6', BACKGROUND_WORK: 'false', ...secrets };
    service = await startTestService(settings);
    others = await Promise.all([1, 2].map(() => serviceOver(runtimeUrl(service.database), settings)));
  });
  beforeEach(async () => {
    stripe.fault = null;
    shop = await openShop(service, stripe);
    shop.account.delivery = 'held';
  });
  afterAll(async () => {
    await Promise.all(others.map((one) => one.stop()));
    await service.stop();
    await stripe.stop();
  });

  const all = () => [service, ...others];
  const settle = (loop = 'billing') => Promise.all(all().map(({ app }) => app.get(Background).settle(loop)));
  let turn = 0;
  /** To the next of the services. */
  async function post(event: FakeEvent, of = shop): Promise<number> {
    const { body, header } = of.account.signed(event, of.webhookSecret);
    const path = new URL(of.webhookUrl).pathname;
    const url = all()[turn++ % 3]!.url;
    return (await callOn(url, { path, method: 'POST', body, headers: { 'stripe-signature': header } })).status;
  }
  async function postAll(events: readonly FakeEvent[]): Promise<void> {
    for (let i = 0; i < events.length; i += 12) {
      const answers = await Promise.all(events.slice(i, i + 12).map((event) => post(event)));
      expect(answers.every((status) => status === 200)).toBe(true);
    }
  }
  const count = async (sql: string, ...values: unknown[]): Promise<number> => {
    const ofBrand = '(select id from brands where slug = $1)';
    const { rows } = await service.owner.query<{ count: number }>(sql.replace('$brand', ofBrand), [shop.slug, ...values]);
    return rows[0]!.count;
  };

  /** So many purchases of each story, all lived to the end before a word of them is told. */
  async function bought(counts: Partial<Record<Which, number>>): Promise<Bought[]> {
    const { account } = shop;
    const made: { which: Which; email: string; subject: string; session: string }[] = [];
    for (const [which, number] of Object.entries(counts) as [Which, number][]) {
      for (let i = 0; i < number; i++) {
        const email = `${which}-${i}@example.com`;
        const isOnce = stories[which].kind === 'payment';
        const { id } = ok(await shop.checkout(isOnce ? 'pro_lifetime' : 'team_monthly', { quantity: 2 })) as { id: string };
        await account.pay(id, { email });
        made.push({ which, email, subject: account.sessions.get(id)!.subscription ?? id, session: id });
      }
    }
    const some = (which: Which) => made.filter((one) => one.which === which);
    const paid = (session: string) => {
      const { customer, payment_intent } = account.sessions.get(session)!;
      return payment_intent ?? [...account.charges.values()].findLast((charge) => charge.customer === customer)!.payment_intent;
    };
    for (const { subject } of some('renewed')) await account.updateSubscription(subject, { quantity: 5 });
    for (const { subject } of some('recovered')) account.setCard(account.subscriptions.get(subject)!.customer, 'declined');
    for (const { session } of [...some('refunded'), ...some('returned')]) {
      await account.refund(paid(session), 100);
      await account.refund(paid(session));
    }
    await stripe.advance({ days: 32 });
    for (const { subject } of some('recovered')) await account.payOpenInvoice(subject);
    const texts = account.events.map((event) => ({ event, text: JSON.stringify(event) }));
    return made.map(({ which, email, subject, session }) => {
      const { customer } = account.sessions.get(session)!;
      const names = [subject, session, paid(session), ...(customer ? [customer] : [])];
      const told = texts.filter(({ text }) => names.some((name) => text.includes(name))).map(({ event }) => event);
      return { which, email, subject, story: pick(told, stories[which].types) };
    });
  }

  /** What the customer has of it, measured by what Stripe knows. */
  async function endOf({ email, subject, which }: Bought) {
    const licenses = await shop.licensesOf(email);
    const working = licenses.filter(({ status }) => status === 'valid');
    const keys = new Set(licenses.map(({ license_key_id }) => license_key_id)).size;
    const mails = await count(
      `select count(*)::int from mails where brand_id = $brand and recipient = $2 and template = 'key_issued'`,
      email,
    );
    if (working.length === 0) return { which, works: false, isOnce: keys <= 1 && keys === mails };
    const [{ renews, seats, expires_at, grace_until }] = working;
    const end = shop.account.subscriptions.get(subject)?.items.data[0]!.current_period_end ?? NaN;
    const days = (time: string) => (Date.parse(time) / 1000 - end) / 86_400;
    const more = { seats: seats.limit, renews, expires: days(expires_at), grace: days(grace_until) };
    return { which, works: working.length === 1, isOnce: keys === 1 && mails === 1, ...more };
  }
  const rightEnds: Record<Which, object> = {
    renewed: { which: 'renewed', works: true, isOnce: true, seats: 5, renews: true, expires: 0, grace: 7 },
    recovered: { which: 'recovered', works: true, isOnce: true, seats: 2, renews: true, expires: 0, grace: 7 },
    refunded: { which: 'refunded', works: false, isOnce: true },
    returned: { which: 'returned', works: false, isOnce: true },
  };

  async function wrongEnds(purchases: readonly Bought[]): Promise<unknown[]> {
    const wrong: unknown[] = [];
    for (const one of purchases) {
      const end = await endOf(one);
      if (JSON.stringify(end) !== JSON.stringify(rightEnds[one.which])) wrong.push(end);
    }
    return wrong;
  }

  /** Each purchase is told of in an order of its own: event by event, with earlier ones told again, and all that is told is worked on in between. */
  async function tell(purchases: readonly Bought[], between: (step: number) => Promise<unknown> = () => settle()): Promise<void> {
    const orders = permutations([0, 1, 2, 3, 4]);
    const told = purchases.map(({ which, story }, n) => {
      const [first, count] = [purchases.findIndex((one) => one.which === which), purchases.filter((one) => one.which === which).length];
      const order = orders[Math.floor(((n - first) * orders.length) / count)]!;
      return order.map((at) => story[at]!);
    });
    for (let step = 0; step < 5; step++) {
      const repeated = told.filter((_, n) => n % 3 === 0).map((order) => order[(step * 7) % (step + 1)]!);
      await postAll(shuffled([...told.map((order) => order[step]!), ...repeated], step + 1));
      await between(step);
    }
  }
  /** Spread over all 120 orders. */
  const sample = (first: number, rest: number): Record<Which, number> =>
    long
      ? { renewed: 120, recovered: 120, refunded: 120, returned: 120 }
      : { renewed: first, recovered: rest, refunded: rest, returned: rest };

  it('ends the same in every order while Stripe is away, and when it is back', async () => {
    const purchases = await bought(sample(24, 2));
    stripe.fault = 'error500';
    await tell(purchases);
    // To which subscription money belongs that went back, only Stripe can say.
    const away = await wrongEnds(purchases.filter(({ which }) => which !== 'refunded'));
    stripe.fault = null;
    await settle('billing refresh');
    await settle();
    const back = await wrongEnds(purchases);
    say(`Stripe away: ${purchases.length} purchases, each in its order: ${away.length} end otherwise; once it is back: ${back.length}`);
    expect({ away, back }).toEqual({ away: [], back: [] });
  });

  it('ends the same in every order while Stripe answers, or does so now and then', async () => {
    const purchases = await bought(sample(8, 4));
    const half = (odd: number) => purchases.filter((_, n) => n % 2 === odd);
    await tell(half(0));
    const always = await wrongEnds(half(0));
    await tell(half(1), (step) => {
      stripe.fault = step % 2 === 0 ? 'error500' : null;
      return settle();
    });
    stripe.fault = null;
    await settle('billing refresh');
    await settle();
    const sometimes = await wrongEnds(half(1));
    say(
      `Stripe there, or now and then: ${purchases.length} purchases, each in its order: ${always.length + sometimes.length} end otherwise`,
    );
    expect({ always, sometimes }).toEqual({ always: [], sometimes: [] });
  });

  it('would be seen to end otherwise, if the last word counted', async () => {
    const { learn } = Purchase.prototype;
    let words = 0;
    Purchase.prototype.learn = function (news, at) {
      learn.call(this, { ...news, asOf: new Date(Date.UTC(2050, 0, 1) + ++words * 1000) }, at);
    };
    try {
      const some = await bought({ renewed: 6 });
      stripe.fault = 'error500';
      await tell(some);
      expect((await wrongEnds(some)).length).toBeGreaterThan(0);
    } finally {
      Purchase.prototype.learn = learn;
    }
  });

  /** A hundred times at once, while all are at work. */
  async function storm() {
    const [{ story, email }] = (await bought({ renewed: 1 })) as [Bought];
    const event = story.find(({ type }) => type === 'checkout.session.completed')!;
    const working = (async () => {
      for (let i = 0; i < 20; i++) await settle();
    })();
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(event)));
    await working;
    await settle();
    return {
      answered: answers.filter((status) => status === 200).length,
      rows: await count('select count(*)::int from stripe_events where brand_id = $brand'),
      // The brand itself comes with one.
      keys: (await count('select count(*)::int from license_keys where brand_id = $brand')) - 1,
      mails: await count(`select count(*)::int from mails where brand_id = $brand and recipient = $2 and template = 'key_issued'`, email),
    };
  }

  it('a hundred times at once over three services is taken in once, and gives one key and one mail', async () => {
    const found = await storm();
    say(`the same event to 3 services at once: ${found.answered} answered, ${found.rows} kept, ${found.keys} keys, ${found.mails} mails`);
    expect(found).toEqual({ answered: 100, rows: 1, keys: 1, mails: 1 });
  });

  it('would be seen to be taken in twice, if an event were not known by its id', async () => {
    const { add } = PostgresInbox.prototype;
    PostgresInbox.prototype.add = function (event) {
      return add.call(this, { ...event, id: `evt_${newId()}` });
    };
    try {
      expect(await storm()).toMatchObject({ answered: 100, rows: 100 });
    } finally {
      PostgresInbox.prototype.add = add;
    }
  });

  /** One service looks at a purchase and is held up for longer than its lease; meanwhile another one sees what came later. */
  async function overtaken(): Promise<number> {
    const [{ story, email, subject }] = (await bought({ renewed: 1 })) as [Bought];
    const { account } = shop;
    await postAll(story);
    await settle();
    await account.updateSubscription(subject, { quantity: 9 });
    await post(account.events.at(-1)!);
    const slow = others[0]!.app;
    const payments = slow.get(Payments);
    let go = (): void => undefined;
    const gate = new Promise<void>((open) => (go = open));
    let looked = (): void => undefined;
    const hasLooked = new Promise<void>((resolve) => (looked = resolve));
    payments.look = async (...asked) => {
      const seen = await Object.getPrototypeOf(payments).look.apply(payments, asked);
      looked();
      await gate;
      return seen;
    };
    try {
      const late = slow.get(Background).settle('billing');
      await hasLooked;
      await account.updateSubscription(subject, { quantity: 4 });
      await post(account.events.at(-1)!);
      const minutes = 1 / 24 / 60;
      service.travel(minutes);
      await service.settle('billing');
      service.travel(-minutes);
      go();
      await late;
    } finally {
      go();
      Reflect.deleteProperty(payments, 'look');
    }
    return (await shop.licensesOf(email))[0].seats.limit;
  }

  it('a look that took longer than its lease changes nothing', async () => {
    expect(await overtaken()).toBe(4);
  });

  it('such a look would be seen to undo what came later, if nobody asked for the lease', async () => {
    const { holds } = PostgresInbox.prototype;
    PostgresInbox.prototype.holds = () => Promise.resolve(true);
    try {
      expect(await overtaken()).toBe(9);
    } finally {
      PostgresInbox.prototype.holds = holds;
    }
  });

  it('never shortens what was paid, not even where Stripe itself knows of less now', async () => {
    const [one] = await bought({ renewed: 1 });
    const { account } = shop;
    await postAll(one!.story);
    await settle();
    const [{ expires_at, id }] = await shop.licensesOf(one!.email);
    const subscription = account.ledger.subscriptions.get(one!.subject)!;
    const [item] = subscription.items.data;
    const less = { ...item!, current_period_end: item!.current_period_start };
    account.ledger.invoices.delete(subscription.latest_invoice!);
    account.ledger.change(subscription, { items: { ...subscription.items, data: [less] } }, 'customer.subscription.updated');
    await post(account.events.at(-1)!);
    await settle();
    const [purchase] = await shop.purchases();
    expect(purchase.invoices.length).toBeGreaterThan(0);
    expect(Date.parse(purchase.period_end)).toBeLessThan(Date.parse(expires_at));
    expect((await shop.licensesOf(one!.email)).map((license) => [license.id, license.expires_at])).toEqual([[id, expires_at]]);
  });
});
