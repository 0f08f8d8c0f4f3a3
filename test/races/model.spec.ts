import fc from 'fast-check';
import { Client } from 'pg';
import { parsePublicId } from '../../libs/kernel/id';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl } from '../../libs/testing/database';
import type { TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { serviceOver } from '../fixtures/services';

const products = ['pro', 'lite'] as const;
type Product = (typeof products)[number];
type Status = 'valid' | 'suspended' | 'cancelled';

/** All there is to a license, as simply as it can be said. */
interface Model {
  limit: number | null;
  status: Status;
  readonly seated: Set<string>;
}

/** What the caller is told: the status of HTTP and the code, and the facts that belong to it. */
type Told = Record<string, unknown>;

const refused = (status: number, code: string, facts: Told = {}): Told => ({ status, code, ...facts });
const seatsOf = ({ limit, seated }: Model) => ({
  limit,
  used: seated.size,
  remaining: limit === null ? null : Math.max(0, limit - seated.size),
});

/** The rules, told to the model. */
const rules = {
  activate(model: Model, instance: string): Told {
    if (model.status !== 'valid') return refused(403, `license_${model.status}`);
    if (model.seated.has(instance)) return { status: 200, seats: seatsOf(model) };
    if (model.limit !== null && model.seated.size >= model.limit) {
      return refused(409, 'seat_limit_reached', { limit: model.limit, used: model.seated.size });
    }
    model.seated.add(instance);
    return { status: 201, seats: seatsOf(model) };
  },
  deactivate(model: Model, instance: string): Told {
    const deactivated = model.seated.delete(instance);
    return { status: 200, deactivated, seats: seatsOf(model) };
  },
  free(model: Model, instance: string): Told {
    model.seated.delete(instance);
    return { status: 200, ended: true };
  },
  limit(model: Model, limit: number | null): Told {
    if (model.status === 'cancelled') return refused(409, 'cancelled_is_final');
    model.limit = limit;
    return { status: 200, seats: seatsOf(model) };
  },
  decide(model: Model, status: Status): Told {
    if (model.status === 'cancelled' && status !== 'cancelled') return refused(409, 'cancelled_is_final');
    model.status = status;
    return { status: 200, now: status };
  },
  verify(model: Model, instance: string): Told {
    const reasons = [...(model.status === 'valid' ? [] : [model.status]), ...(model.seated.has(instance) ? [] : ['not_activated'])];
    return { status: 200, valid: reasons.length === 0, code: reasons[0] ?? 'valid', reasons, seats: seatsOf(model) };
  },
};

type Step = { readonly of: Product } & (
  | { readonly kind: 'activate' | 'deactivate' | 'free' | 'verify'; readonly instance: string }
  | { readonly kind: 'limit'; readonly limit: number | null }
  | { readonly kind: 'decide'; readonly status: Status }
);

const of = fc.constantFrom(...products);
const instance = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 32, arbitrary: fc.record({ of, kind: fc.constant('activate' as const), instance }) },
  { weight: 16, arbitrary: fc.record({ of, kind: fc.constantFrom('deactivate' as const, 'free' as const, 'verify' as const), instance }) },
  { weight: 8, arbitrary: fc.record({ of, kind: fc.constant('limit' as const), limit: fc.option(fc.integer({ min: 1, max: 4 })) }) },
  { weight: 8, arbitrary: fc.record({ of, kind: fc.constant('decide' as const), status: fc.constantFrom<Status>('valid', 'suspended') }) },
  { weight: 1, arbitrary: fc.record({ of, kind: fc.constant('decide' as const), status: fc.constant<Status>('cancelled') }) },
);
const history = fc.array(step, { minLength: 1, maxLength: 48, size: 'max' });
/** Lived at the same time, each with a key of its own. */
const histories = fc.tuple(history, history, history, history);

describe('Whatever happens to two licenses', () => {
  let database: string;
  let owner: Client;
  let service: Awaited<ReturnType<typeof serviceOver>>;
  let world: BrandWorld;
  beforeAll(async () => {
    database = await freshDatabase();
    owner = new Client({ connectionString: ownerUrl(database) });
    await owner.connect();
    service = await serviceOver(runtimeUrl(database));
    world = await createBrandWorld(service as unknown as TestService, { seats: 2 });
    ok(await world.call({ path: `/v1/brands/${world.slug}/products`, body: { code: 'lite', name: 'Lite', seat_limit: 1 } }));
  });
  afterAll(async () => {
    await service.stop();
    await owner.end();
    await dropDatabase(database);
  });

  /** The real thing, on a key of its own. */
  async function reality() {
    const body = { customer_email: world.email, licenses: products.map((product_code) => ({ product_code })) };
    const { license_key, licenses } = ok(await world.call({ path: `/v1/brands/${world.slug}/licenses`, body }));
    const ids = Object.fromEntries(products.map((product, i) => [product, licenses[i].id])) as Record<Product, string>;
    const activations = new Map<string, string>();
    const asProduct = (path: string, product: Product, instance_id: string) =>
      service.call({ path, body: { license_key: license_key.key, product_code: product, instance_id } });
    const change = (product: Product, path: string, body: object) =>
      world.call({ method: 'PATCH', path: `/v1/licenses/${ids[product]}${path}`, body });

    async function live(one: Step): Promise<Told | null> {
      switch (one.kind) {
        case 'activate': {
          const { status, body } = await asProduct('/v1/licenses/activate', one.of, one.instance);
          if (status === 409) return { status, code: body.code, limit: body.limit, used: body.used };
          if (status >= 300) return { status, code: body.code };
          activations.set(one.of + one.instance, body.activation.id);
          return { status, seats: body.license.seats };
        }
        case 'deactivate': {
          const { status, body } = await asProduct('/v1/licenses/deactivate', one.of, one.instance);
          return { status, deactivated: body.deactivated, seats: body.seats };
        }
        case 'free': {
          const id = activations.get(one.of + one.instance);
          if (!id) return null;
          const { status, body } = await world.call({ method: 'DELETE', path: `/v1/activations/${id}` });
          return { status, ended: body.deactivated_at !== null };
        }
        case 'verify': {
          const { status, body } = await asProduct('/v1/licenses/verify', one.of, one.instance);
          const reasons = body.reasons.map(({ code }: { code: string }) => code);
          return { status, valid: body.valid, code: body.code, reasons, seats: body.licenses[0].seats };
        }
        case 'limit': {
          const { status, body } = await change(one.of, '', { seat_limit: one.limit });
          return status === 200 ? { status, seats: body.seats } : { status, code: body.code };
        }
        case 'decide': {
          const { status, body } = await change(one.of, '/status', { status: one.status });
          return status === 200 ? { status, now: body.status } : { status, code: body.code };
        }
      }
    }
    const seats = async (product: Product) => {
      const { rows } = await owner.query<{ used: number; within: boolean; living: string[] }>(
        `select seats_used as used, coalesce(seats_used <= seat_ceiling, true) as within,
                array(select instance_id from activations where license_id = l.id and deactivated_at is null order by 1) as living
           from licenses l where id = $1`,
        [parsePublicId('license', ids[product])],
      );
      return rows[0]!;
    };
    return { live, seats };
  }

  const tell = (law: typeof rules, model: Model, one: Step): Told => {
    if (one.kind === 'limit') return law.limit(model, one.limit);
    if (one.kind === 'decide') return law.decide(model, one.status);
    return law[one.kind](model, one.instance);
  };

  async function lives(history: Step[], law = rules): Promise<void> {
    const { live, seats } = await reality();
    const models: Record<Product, Model> = {
      pro: { limit: 2, status: 'valid', seated: new Set() },
      lite: { limit: 1, status: 'valid', seated: new Set() },
    };
    for (const one of history) {
      const told = await live(one);
      if (told) expect([one, told]).toEqual([one, tell(law, models[one.of], one)]);
    }
    for (const product of products) {
      const living = [...models[product].seated].sort();
      expect(await seats(product)).toEqual({ used: living.length, within: true, living });
    }
  }

  it('they say what the rules say, and count what is there', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (some) => void (await Promise.all(some.map((one) => lives(one))))),
      { numRuns: 12 },
    );
  }, 60_000);

  it.each<[string, Partial<typeof rules>]>([
    ['sells an instance a second seat', { activate: (model, name) => rules.activate(model, model.seated.has(name) ? `${name}'` : name) }],
    ['keeps the seat of who left', { deactivate: (model) => ({ status: 200, deactivated: true, seats: seatsOf(model) }) }],
    ['lets a lower limit end seats', { limit: (model, limit) => (model.seated.clear(), rules.limit(model, limit)) }],
    ['ignores a suspension', { decide: (_, status) => ({ status: 200, now: status }) }],
  ])('they would be seen to differ from a rule that %s', async (_, wrong) => {
    const at = (name: string) => ({ of: 'pro' as const, instance: name });
    const eventful: Step[] = [
      { kind: 'activate', ...at('a') },
      { kind: 'activate', ...at('a') },
      { kind: 'activate', ...at('b') },
      { kind: 'limit', of: 'pro', limit: 1 },
      { kind: 'deactivate', ...at('a') },
      { kind: 'decide', of: 'pro', status: 'suspended' },
      { kind: 'activate', ...at('b') },
    ];
    await lives(eventful);
    await expect(lives(eventful, { ...rules, ...wrong })).rejects.toThrow('toEqual');
  });
});
