import type { BrandId } from '../../libs/kernel/brand-id';
import type { Statement } from '../../libs/persistence/lane';
import { layEvents } from '../../libs/persistence/outbox';
import { withOwner } from '../../libs/testing/database';
import { readRecords } from '../../src/activations/adapters/postgres-records';
import { countSeats, holdLicenses, keepActivations, readInstances } from '../../src/activations/adapters/postgres-seats';
import { aTenant, aShop } from '../contract/contract';
import { aLicense } from '../fixtures/aggregates';
import { postgresHouse } from '../fixtures/houses';

const brands: Statement = { name: 'test brands', text: 'select id from brands' };
const rename: Statement = { name: 'test rename', text: 'update brands set name = $1' };
const nonsense: Statement = { name: 'test nonsense', text: 'select 1 / $1::int' };
const settings: Statement = {
  name: 'test settings',
  text: `select current_setting('app.brand_id', true) as brand, current_setting('enable_seqscan') as seqscan`,
};

describe('A transaction that calls share', () => {
  let house: Awaited<ReturnType<typeof postgresHouse>>;
  let [one, other] = ['', ''] as unknown as [BrandId, BrandId];
  beforeAll(async () => {
    house = await postgresHouse();
    [one, other] = [await aTenant(house), await aTenant(house)];
  });
  afterAll(() => house.close());

  const share = <T>(work: Parameters<typeof house.db.share<T>>[2], brandId = one) => house.db.share(brandId, 100, work);
  const names = async () =>
    Object.fromEntries(
      (await withOwner(house.name, (owner) => owner.query('select id, name from brands'))).rows.map((row) => [row.id, row.name]),
    );

  it('sees its brand and no other', async () => {
    expect(await share((lane) => lane.ask(brands))).toEqual([{ id: one }]);
    expect(await share((lane) => lane.ask(brands), other)).toEqual([{ id: other }]);
  });

  it('leaves nothing of its settings on the connection', async () => {
    for (let i = 0; i < 5; i++) await share((lane) => lane.ask(brands));
    for (let i = 0; i < 5; i++) {
      expect(await house.source.query<object[]>(settings.text)).toEqual([{ brand: '', seqscan: 'on' }]);
    }
  });

  it('keeps what nobody waited for, with the commit', async () => {
    await share((lane) => void lane.ask(rename, ['kept']));
    expect(await names()).toMatchObject({ [one]: 'kept', [other]: 'Acme' });
  });

  it.each<[string, Parameters<typeof share>[0]]>([
    ['a statement that nobody waited for', (lane) => void lane.ask(nonsense, [0])],
    ['a statement that was waited for', async (lane) => void (await lane.ask(nonsense, [0]))],
    ['the work itself', () => Promise.reject(new Error('division by zero of ours'))],
    [
      'the work itself, at once',
      () => {
        throw new Error('division by zero of ours');
      },
    ],
  ])('keeps nothing when it fails of %s, tells why, and goes on working', async (_, failing) => {
    const before = await names();
    await expect(
      share((lane, now) => {
        void lane.ask(rename, ['lost']);
        return failing(lane, now);
      }),
    ).rejects.toThrow(/division by zero/);
    expect(await names()).toEqual(before);
    expect(await share((lane) => lane.ask(brands))).toEqual([{ id: one }]);
  });

  it('gives up a lock that is not to be had soon, and its connection works on', async () => {
    await withOwner(house.name, async (owner) => {
      await owner.query('begin; select 1 from brands for update');
      await expect(share((lane) => lane.ask(rename, ['waiting']))).rejects.toMatchObject({ code: '55P03' });
      await owner.query('rollback');
    });
    await share((lane) => lane.ask(rename, ['free again']));
  });

  it('outlives a connection that is ended in the middle', async () => {
    const ended = share(async (lane) => {
      const [row] = await lane.ask<{ pid: number }>({ name: 'test pid', text: 'select pg_backend_pid() as pid' });
      await withOwner(house.name, (owner) => owner.query('select pg_terminate_backend($1)', [row!.pid]));
      await lane.ask(brands);
    });
    await expect(ended).rejects.toThrow();
    expect(await share((lane) => lane.ask(brands))).toEqual([{ id: one }]);
  });
});

/** The plan of a statement that is prepared once for all, as it would be kept. */
async function planOf(
  house: Awaited<ReturnType<typeof postgresHouse>>,
  { text }: Statement,
  types: string,
  values: string,
  settings = '',
): Promise<string> {
  return withOwner(house.name, async (owner) => {
    await owner.query(`set role latchkey_runtime; set plan_cache_mode = force_generic_plan; ${settings}`);
    await owner.query(`prepare hot (${types}) as ${text}`);
    const { rows } = await owner.query<{ 'QUERY PLAN': string }>(`explain execute hot (${values})`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
}

describe('The plan of', () => {
  let house: Awaited<ReturnType<typeof postgresHouse>>;
  beforeAll(async () => {
    house = await postgresHouse();
    // So few that PostgreSQL would rather read them all: the plan must not be the one that is right for a small table.
    const shop = await aShop(house);
    await house.work.run(shop.brandId, () => house.licenses.save(aLicense(shop)));
    await withOwner(house.name, (owner) => owner.query('analyze'));
  });
  afterAll(() => house.close());

  const no = 'null';
  const statements: [Statement, string, string][] = [
    [readRecords, 'uuid, int[], bytea[], text[]', `${no}, ${no}, ${no}, ${no}`],
    [holdLicenses, 'uuid, int[], bytea[], text[]', `${no}, ${no}, ${no}, ${no}`],
    [readInstances, 'uuid, uuid[], text[]', `${no}, ${no}, ${no}`],
    [countSeats, 'jsonb', no],
    [keepActivations, 'jsonb', no],
    [layEvents, 'jsonb', no],
  ];
  const byIndex = `set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;`;

  it.each(statements.map((one) => [one[0].name, one] as const))(
    '"%s" finds its rows by an index, however small the tables are',
    async (_, [statement, types, values]) => {
      expect(await planOf(house, statement, types, values, byIndex)).not.toMatch(/Seq Scan/);
    },
  );

  it('"read records" would read whole tables without being told not to', async () => {
    const [statement, types, values] = statements[0]!;
    expect(await planOf(house, statement, types, values)).toMatch(/Seq Scan/);
  });
});
