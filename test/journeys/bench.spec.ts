import { type LoadedKey, Millions } from '../../bench/millions';
import { plansOf } from '../../bench/plans';
import { faultsAfter, openBrand } from '../../bench/stock';
import { ownerUrl } from '../../libs/testing/database';
import { startTestService, type TestService } from '../../libs/testing/service';

jest.setTimeout(60_000);

describe('What the bench loads and checks', () => {
  let service: TestService;
  let before: unknown[];
  let keys: LoadedKey[];

  const made = async () => {
    const { rows } = await service.owner.query(`
      select pg_get_indexdef(indexrelid) as def from pg_index where indrelid in ('licenses'::regclass, 'license_keys'::regclass, 'activations'::regclass)
      union all
      select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || convalidated from pg_constraint
       where connamespace = 'public'::regnamespace
      order by def`);
    return rows;
  };
  const ask = ({ text }: LoadedKey, question: string) =>
    service.call({
      path: `/v1/licenses/${question}`,
      body: { license_key: text, product_code: 'bench', instance_id: 'https://new.example' },
    });

  beforeAll(async () => {
    service = await startTestService();
    before = await made();
    const like = await openBrand(service.owner, { url: service.url, operatorKey: service.internalKey }, 'growth', 'GROWTH');
    expect((await ask({ ...like, text: like.key }, 'activate')).status).toBe(201);
    const millions = await Millions.open(ownerUrl(service.database), 'spec', like, () => undefined);
    await millions.loadUpTo(1_000);
    keys = await millions.loadUpTo(2_000);
    await millions.close();
  });
  afterAll(() => service.stop());

  it('has as many rows as were asked for, the same of the same seed', async () => {
    const { rows } = await service.owner.query(`
      select (select count(*)::int from license_keys) as keys, (select count(*)::int from activations) as activations,
             count(*)::int as licenses,
             md5(string_agg(concat_ws(' ', brand_id, licenses.id, license_key_id, licenses.product_id, customer_email, seats_used,
                                      extract(epoch from expires_at)), ',' order by licenses.id)) as "licensesAre"
        from licenses join loader.brands on brands.id = brand_id`);
    expect(rows).toEqual([{ keys: 2_001, activations: 4_001, licenses: 2_000, licensesAre: 'fb8ebf293e229f04f38ccb5b9bfeb08d' }]);
  });

  it('leaves every index and constraint as it was', async () => {
    expect(await made()).toEqual(before);
  });

  it('has keys that open', async () => {
    expect(keys).toHaveLength(500);
    expect((await ask(keys[0]!, 'activate')).status).toBe(201);
    expect((await ask(keys[499]!, 'verify')).body).toMatchObject({ valid: false, code: 'not_activated' });
  });

  it('tells of a hot statement that looks at many rows for few', async () => {
    const ofOneBrand = keys.filter(({ brandId }) => brandId === keys[0]!.brandId);
    const scanned = async () => (await plansOf(ownerUrl(service.database), ofOneBrand, 'bench')).plans.flatMap((plan) => plan.scanned);
    expect(await scanned()).not.toContain('license_keys');
    await service.owner.query('alter table license_keys drop constraint license_keys_hash_unique');
    expect(await scanned()).toContain('license_keys');
  });

  it('tells of seats that are not what was acknowledged', async () => {
    const { rows } = await service.owner.query(`
      select count(*) filter (where deactivated_at is null)::int as living,
             (select count(*)::int from outbox_events where type = 'license.activated') as activated,
             (select count(*)::int from outbox_events where type = 'seat.deactivated') as freed
        from activations`);
    const { living, activated, freed } = rows[0] as Record<string, number>;
    const faults = await faultsAfter(service.owner, { taken: activated!, freed: freed! });
    // The loaded ones came without events, and nothing else is wrong.
    expect(faults).toEqual([`${activated! - freed!} seats are held by what was acknowledged, ${living} are there`]);
    await service.owner.query(`update activations set deactivated_at = now() where instance_id = 'https://new.example'`);
    expect(await faultsAfter(service.owner, { taken: activated! + 1, freed: freed! - 1 })).toEqual([
      '2 licenses count other seats than are taken',
      expect.stringContaining('seats are held'),
      expect.stringContaining('activations were acknowledged'),
      expect.stringContaining('deactivations were acknowledged'),
    ]);
  });
});
