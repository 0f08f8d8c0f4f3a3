import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import type { BrandId } from '../../libs/kernel/brand-id';
import { DomainError } from '../../libs/kernel/domain-error';
import { Database } from '../../libs/persistence/database';
import type { Lane } from '../../libs/persistence/lane';
import { runAs } from '../../libs/persistence/provenance';
import { withOwner } from '../../libs/testing/database';
import { PostgresSeats } from '../../src/activations/adapters/postgres-seats';
import type { Seats } from '../../src/activations/ports/seats';
import { ActivateLicense, ActivateLicenseHandler } from '../../src/activations/use-cases/activate-license';
import { DeactivateInstance, DeactivateInstanceHandler } from '../../src/activations/use-cases/deactivate-instance';
import { LicenseKey } from '../../src/licenses/domain/license-key';
import { acme, aBrand, aLicense, aLicenseKey, aProduct, inDays, noon } from '../fixtures/aggregates';
import { deskOf, inHand, mint, postgresHouse } from '../fixtures/houses';

/** One key with a license of everything that can be wrong with one, and one more of a single product. */
const products = [
  'three seats',
  'one seat',
  'no limit',
  'suspended',
  'expired',
  'in grace',
  'not started',
  'cancelled',
  'unknown',
] as const;
type Product = (typeof products)[number];

type Step =
  | {
      readonly kind: 'activate';
      readonly name?: string | undefined;
      readonly metadata?: Record<string, string> | undefined;
      readonly at: Place;
    }
  | { readonly kind: 'deactivate'; readonly at: Place };
interface Place {
  readonly key: 'first' | 'second' | 'unknown';
  readonly product: Product;
  readonly instance: string;
}
/** What an operator does between two moments. */
type Change = { readonly product: Product } & ({ readonly limit: number | null } | { readonly status: 'valid' | 'suspended' });

const place: fc.Arbitrary<Place> = fc.record({
  key: fc.oneof(
    { weight: 9, arbitrary: fc.constant('first' as const) },
    { weight: 2, arbitrary: fc.constantFrom('second' as const, 'unknown' as const) },
  ),
  product: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...products.slice(0, 3)) },
    { weight: 1, arbitrary: fc.constantFrom(...products) },
  ),
  instance: fc.constantFrom('a', 'b', 'c', 'd', 'ä"\\{}, '),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('activate' as const),
      at: place,
      name: fc.option(fc.constantFrom('The shop', '"\\'), { nil: undefined }),
      metadata: fc.option(fc.dictionary(fc.constantFrom('wp', 'ü'), fc.string({ maxLength: 5, unit: 'grapheme-ascii' })), {
        nil: undefined,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deactivate' as const), at: place }) },
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ product: fc.constantFrom(...products.slice(0, 3)), limit: fc.option(fc.integer({ min: 1, max: 4 })) }),
  fc.record({ product: fc.constantFrom(...products.slice(0, 3)), status: fc.constantFrom('valid' as const, 'suspended' as const) }),
);
/** At each moment many call at once; then perhaps an operator changes something. */
const history = fc.array(fc.record({ calls: fc.array(step, { minLength: 1, maxLength: 14 }), then: fc.option(change) }), {
  minLength: 1,
  maxLength: 5,
});
type History = { readonly calls: Step[]; readonly then: Change | null }[];

type House = Awaited<ReturnType<typeof postgresHouse>>;

/** A house of its own that a history happens in. Its time stands still but for what the history lets pass. */
async function open() {
  const house = await postgresHouse();
  const clock = { at: noon };
  house.db.timeOf = () => clock.at;
  await house.work.run(acme, () => house.brands.save(aBrand()));
  return { house, clock };
}

async function stockUp(house: House) {
  const keys = { first: mint.mint('ACME'), second: mint.mint('ACME'), unknown: mint.mint('ACME') };
  const ids = new Map<string, string>();
  await house.work.run(acme, async () => {
    for (const name of ['first', 'second'] as const) {
      const key = aLicenseKey({ hash: keys[name].hash });
      await house.keys.save(new LicenseKey(key.state));
      for (const code of name === 'first' ? products.slice(0, -1) : products.slice(0, 1)) {
        const product = aProduct({ code: `${code} of ${name} ${key.state.id}` });
        await house.products.save(product);
        const limit = code === 'three seats' ? 3 : code === 'no limit' ? null : 1;
        const license = aLicense({
          ...{
            licenseKeyId: key.state.id,
            productId: product.state.id,
            productCode: code,
            seatLimit: limit,
            seatCeiling: limit,
            graceDays: 0,
          },
          ...(code === 'suspended' || code === 'cancelled' ? { status: code } : {}),
          ...(code === 'expired' && { expiresAt: inDays(-1) }),
          ...(code === 'in grace' && { expiresAt: inDays(-1), graceDays: 7 }),
          ...(code === 'not started' && { startsAt: inDays(30) }),
        });
        ids.set(`${name} ${code}`, license.state.id);
        await house.licenses.save(license);
      }
    }
  });
  return { keys, ids };
}

/** Everything that came of a history, without what chance decides. */
async function outcomeOf({ house, clock }: Awaited<ReturnType<typeof open>>, seats: Seats, atOnce: boolean, moments: History) {
  const { keys, ids } = await stockUp(house);
  const call = async (one: Step, request: string) => {
    const key = inHand(keys[one.at.key].text);
    const { product, instance } = one.at;
    try {
      if (one.kind === 'deactivate') {
        const { deactivated, license } = await new DeactivateInstanceHandler(seats).execute(new DeactivateInstance(key, product, instance));
        return { deactivated, license };
      }
      const asked = new ActivateLicense(key, product, { id: instance, name: one.name, metadata: one.metadata });
      return await new ActivateLicenseHandler(seats).execute(asked);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { refused: error.refusal.code, facts: error.facts, request };
    }
  };
  const told: unknown[] = [];
  for (const [moment, { calls, then }] of moments.entries()) {
    clock.at = new Date(noon.getTime() + moment * 60_000);
    const started = (n: number) => {
      const requestId = `req ${moment} ${n}`;
      return runAs({ requestId, actor: 'license_key' }, () => call(calls[n]!, requestId));
    };
    if (atOnce) told.push(...(await Promise.all(calls.map((_, n) => started(n)))));
    else for (const n of calls.keys()) told.push(await started(n));
    if (then) {
      await house.work.run(acme, async () => {
        const license = (await house.licenses.hold(acme, ids.get(`first ${then.product}`)!))!;
        if ('limit' in then) license.update({ seatLimit: then.limit }, clock.at);
        else license.becomes(then.status, undefined, clock.at);
        await house.licenses.save(license);
      });
    }
  }
  const mine = [...ids.values()];
  const rows = await withOwner(house.name, async (owner) => ({
    licenses: (await owner.query('select * from licenses where id = any ($1) order by product_code, id', [mine])).rows as object[],
    activations: (await owner.query('select * from activations where license_id = any ($1) order by license_id, instance_id', [mine]))
      .rows as object[],
    events: (
      await owner.query(
        "select type, data, actor, request_id, occurred_at from outbox_events where actor = 'license_key' order by position",
      )
    ).rows as object[],
  }));
  await withOwner(house.name, (owner) => owner.query(forgetAll));
  return anonymous({ told, ...rows });
}

const forgetAll = 'truncate outbox_events, activations, licenses';

/** Ids are named in the order in which they are met: what is compared is which ones are the same, not which ones they are. */
function anonymous(value: unknown): unknown {
  const names = new Map<string, string>();
  const text = JSON.stringify(value, (_, part: unknown) => part);
  return JSON.parse(
    text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\b[a-z]{3}_[0-9a-v]{26}\b/g, (id) => {
      if (!names.has(id)) names.set(id, `id ${names.size}`);
      return names.get(id)!;
    }),
  ) as unknown;
}

describe('Calls that share a transaction', () => {
  let alone: Awaited<ReturnType<typeof open>>;
  let together: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    [alone, together] = [await open(), await open()];
  });
  afterAll(() => Promise.all([alone.house.close(), together.house.close()]));

  const differ = async (moments: History, seats: Seats = together.house.seats) => {
    const [one, other] = await Promise.all([
      outcomeOf(alone, alone.house.oneByOne, false, moments),
      outcomeOf(together, seats, true, moments),
    ]);
    expect(other).toEqual(one);
  };

  it('come to exactly what they come to one by one', async () => {
    let [calls, largest] = [0, 0];
    await fc.assert(
      fc.asyncProperty(history, async (moments) => {
        calls += moments.reduce((sum, moment) => sum + moment.calls.length, 0);
        largest = Math.max(largest, ...moments.map((moment) => moment.calls.length));
        await differ(moments);
      }),
      { numRuns: Number(process.env.HISTORIES ?? 25) },
    );
    process.stdout.write(`shared seats: ${calls} calls, up to ${largest} at once, came to what they come to one by one\n`);
  }, 120_000);

  it('leave the others their connections while somebody holds their license', async () => {
    const { house } = together;
    const [held, free] = [await stockUp(house), await stockUp(house)];
    const activate = ({ keys }: typeof held, instance: string) =>
      runAs({ requestId: null, actor: 'license_key' }, () =>
        new ActivateLicenseHandler(house.seats).execute(new ActivateLicense(inHand(keys.first.text), 'no limit', { id: instance })),
      );
    await withOwner(house.name, async (owner) => {
      await owner.query('begin');
      await owner.query('select 1 from licenses where id = $1 for update', [held.ids.get('first no limit')]);
      // More than there are connections.
      const waiting = Promise.all(Array.from({ length: 30 }, (_, n) => activate(held, `site-${n}`)));
      await new Promise((resolve) => setTimeout(resolve, 300));
      let over = false;
      void waiting.finally(() => (over = true)).catch(() => undefined);
      expect((await activate(free, 'a')).tookSeat).toBe(true);
      expect((await house.records.about(inHand(free.keys.first.text), 'a')).seats).toHaveLength(1);
      expect(over).toBe(false);
      await owner.query('rollback');
      expect((await waiting).filter(({ tookSeat }) => tookSeat)).toHaveLength(30);
      await owner.query(forgetAll);
    });
  });

  it.each(['count seats', 'keep activations', 'lay events', 'read instances'])(
    'would be seen to differ if they forgot to %s',
    async (name) => {
      const { house } = together;
      const db = new ForgetfulDatabase(house.source, name);
      db.timeOf = () => together.clock.at;
      const seats = new PostgresSeats(db, house.outbox, house.audit, deskOf(house), house.oneByOne, house.metrics);
      const at: Place = { key: 'first', product: 'three seats', instance: 'a' };
      const eventful: History = [
        { calls: [{ kind: 'activate', at, name: 'old' }], then: null },
        { calls: [{ kind: 'deactivate', at }], then: null },
        { calls: [{ kind: 'activate', at }], then: null },
      ];
      await differ(eventful);
      await expect(differ(eventful, seats)).rejects.toThrow('toEqual');
    },
  );
});

/** Sends every statement but one. */
class ForgetfulDatabase extends Database {
  constructor(
    source: DataSource,
    private readonly forgotten: string,
  ) {
    super(source);
  }

  override share<T>(brandId: BrandId, lockMs: number, work: (lane: Lane, now: Promise<Date>) => T | Promise<T>): Promise<T> {
    const forgetful = (lane: Lane): Pick<Lane, 'ask'> => ({
      ask: (statement, values) => (statement.name === this.forgotten ? Promise.resolve([]) : lane.ask(statement, values)),
    });
    return super.share(brandId, lockMs, (lane, now) => work(forgetful(lane) as Lane, now));
  }
}
