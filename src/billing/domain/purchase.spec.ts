import fc from 'fast-check';
import { acme, noon as at } from '../../../test/fixtures/aggregates';
import { anyLife, live, newsOf, permutations, pick, shuffled, stories } from '../../../test/fixtures/stripe-life';
import { disputeStates, invoiceStatuses, type News, type PurchaseStatus } from './facts';
import { Purchase, type PurchaseState } from './purchase';

const plan = { graceDays: 7 };
const histories = Number(process.env.HISTORIES ?? 2_000);
const say = (line: string) => process.stdout.write(`billing: ${line}\n`);

type Make = (state: PurchaseState) => Purchase;
const make: Make = (state) => new Purchase(state);

const untold = ({ kind, subject }: News, make: Make): Purchase => make(Purchase.of(acme, subject, kind, at).state);

function told(news: readonly News[], of = make): Purchase {
  const purchase = untold(news[0]!, of);
  for (const one of news) purchase.learn(one, at);
  return purchase;
}

/** How it stands, and all that this comes from. */
function endOf(news: readonly News[], of = make) {
  const purchase = told(news, of);
  const { status, invoices, payments, periodEnd, trialEnd, endedAt, asOf, priceId, planCode } = purchase.state;
  const money = invoices.map(({ actionUrl: _url, ...invoice }) => invoice);
  const terms = { status, periodEnd, trialEnd, endedAt, asOf, priceId, planCode };
  return { standing: purchase.standing(plan), terms, money, payments };
}

/** What a purchase could do wrong; each proof has to find some of it. */
class BelievesTheLast extends Purchase {
  private words = 0;
  override learn(news: News, now: Date): void {
    super.learn({ ...news, asOf: new Date(Date.UTC(2050, 0, 1) + ++this.words) }, now);
  }
}
class LetsInvoicesGoBack extends Purchase {
  override learn(news: News, now: Date): void {
    this.change({ invoices: this.state.invoices.filter(({ id }) => news.invoices.every((one) => one.id !== id)) });
    super.learn(news, now);
  }
}
class ForgetsRefunds extends Purchase {
  override learn(news: News, now: Date): void {
    this.change({ payments: this.state.payments.filter(({ id }) => news.payments.every((one) => one.id !== id)) });
    super.learn(news, now);
  }
}
const mistakes: Record<string, Make> = {
  'believes the last word': (state) => new BelievesTheLast(state),
  'lets invoices go back': (state) => new LetsInvoicesGoBack(state),
  'forgets refunds and disputes': (state) => new ForgetsRefunds(state),
};

describe('A purchase of which five events tell', () => {
  const tell = async ({ kind, acts, types }: (typeof stories)['renewed']) => {
    const { events, subject } = await live({ kind, acts, trialDays: 0, quantity: 2 });
    return pick(events, types).map((event) => newsOf(event, subject));
  };
  /** How many orders of them, with and without repeats, end otherwise. */
  function otherEnds(story: News[][], of = make): { tried: number; other: number } {
    const right = JSON.stringify(endOf(story.flat()));
    const orders = permutations(story).flatMap((order, n) => [order, shuffled(order, n), [...order, ...shuffled(order, n + 500)]]);
    return { tried: orders.length, other: orders.filter((order) => JSON.stringify(endOf(order.flat(), of)) !== right).length };
  }

  it.each([
    ['renewed', { status: 'valid', quantity: 5, renews: true, failing: false, graceDays: 7 }],
    ['recovered', { status: 'valid', quantity: 2, renews: true, failing: false }],
    ['refunded', { status: 'cancelled', reason: 'refunded' }],
    ['returned', { status: 'cancelled', reason: 'refunded', until: null }],
  ] as const)('ends the same in every order, with every repetition: %s', async (which, end) => {
    const story = await tell(stories[which]);
    expect(endOf(story.flat()).standing).toMatchObject(end);
    const { tried, other } = otherEnds(story);
    say(`a story ${stories[which].name}: 120 orders, each with repeats twice: ${tried} tellings, ${other} that end otherwise`);
    expect({ tried, other }).toEqual({ tried: 360, other: 0 });
  });

  it.each([
    ['believes the last word', 'renewed'],
    ['lets invoices go back', 'recovered'],
    ['forgets refunds and disputes', 'refunded'],
  ] as const)('would be seen to end otherwise, if it %s', async (mistake, which) => {
    // A refund that is told twice, in full and in part, goes back only where the last word counts.
    expect(otherEnds(await tell(stories[which]), mistakes[mistake]).other).toBeGreaterThan(0);
  });
});

describe('Whatever may be told of a purchase', () => {
  // So few that many things are told of the same moment, and of the same things.
  const moment = fc.integer({ min: 0, max: 3 }).map((days) => new Date(at.getTime() + days * 86_400_000));
  const statuses: PurchaseStatus[] = ['incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'ended'];
  const terms = fc.record({
    status: fc.constantFrom(...statuses),
    paused: fc.boolean(),
    renews: fc.boolean(),
    priceId: fc.constantFrom('price_a', 'price_b'),
    quantity: fc.constantFrom(1, 2, 10),
    trialEnd: fc.option(moment),
    periodEnd: fc.option(moment),
    endedAt: fc.option(moment),
  });
  const invoice = fc.record({
    id: fc.constantFrom('in_1', 'in_2'),
    status: fc.constantFrom(...invoiceStatuses),
    periodEnd: moment,
    amountDue: fc.constant(1000),
    amountPaid: fc.constantFrom(0, 1000),
    currency: fc.constant('usd'),
    actionUrl: fc.constant(null),
    createdAt: fc.constant(at),
  });
  const payment = fc.record({
    id: fc.constantFrom('pi_1', 'pi_2'),
    refunded: fc.boolean(),
    dispute: fc.constantFrom(...disputeStates),
  });
  const news: fc.Arbitrary<News> = fc.record({
    subject: fc.constant('sub_1'),
    kind: fc.constant('subscription' as const),
    asOf: moment,
    whole: fc.constant(false),
    terms: fc.option(terms, { freq: 4 }),
    buyer: fc.constant(null),
    planCode: fc.constant(null),
    invoices: fc.array(invoice, { maxLength: 1 }),
    payments: fc.array(payment, { maxLength: 1 }),
  });

  it('of the same moment or of several, the order says nothing', () => {
    fc.assert(
      fc.property(fc.array(news, { minLength: 1, maxLength: 6 }), fc.integer(), (some, seed) => {
        expect(endOf(shuffled(some, seed))).toEqual(endOf(some));
      }),
      { numRuns: histories },
    );
  });

  it('a look at all of it counts, whatever was told before', () => {
    fc.assert(
      fc.property(fc.array(news, { maxLength: 6 }), news, terms, (some, last, shown) => {
        const look = { ...last, terms: shown, whole: true, asOf: new Date(at.getTime() + 9 * 86_400_000) };
        expect(endOf([...some, look])).toEqual(endOf([look]));
      }),
      { numRuns: 500 },
    );
  });
});

describe('Whatever a customer and his card do', () => {
  const property = (of = make, seen?: (news: number) => void) =>
    fc.asyncProperty(anyLife, fc.integer(), async (life, seed) => {
      const { news } = await live(life);
      seen?.(news.length);
      const mixed = shuffled(news, seed);
      expect(endOf(mixed, of)).toEqual(endOf(news));
    });

  it('a purchase ends as it would have in order, and never has less paid time than before', async () => {
    let [lives, words, tellings] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(anyLife, fc.integer(), async (life, seed) => {
        const { news } = await live(life);
        const mixed = shuffled(news, seed);
        const end = endOf(news);
        expect(endOf(mixed)).toEqual(end);
        const purchase = untold(news[0]!, make);
        let until = -Infinity;
        for (const one of mixed) {
          purchase.learn(one, at);
          const now = purchase.standing(plan);
          if (now === null) continue;
          expect(now.until?.getTime() ?? Infinity).toBeGreaterThanOrEqual(until);
          until = now.until?.getTime() ?? Infinity;
        }
        lives += 1;
        words += news.length;
        tellings += mixed.length;
      }),
      { numRuns: histories },
    );
    say(`${lives} lives of purchases, ${words} events told in order and ${tellings} in any: 0 that end otherwise, 0 paid times shortened`);
    expect(lives).toBeGreaterThanOrEqual(histories);
  }, 600_000);

  it.each(Object.entries(mistakes))('one that %s would be found out', async (_, of) => {
    const { failed } = await fc.check(property(of), { numRuns: 300, endOnFailure: true });
    expect(failed).toBe(true);
  });
});
