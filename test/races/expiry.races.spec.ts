import { setTimeout as sleep } from 'node:timers/promises';
import { CommandBus } from '@nestjs/cqrs';
import { Background } from '../../libs/messaging/background';
import { daysAfter } from '../../libs/kernel/clock';
import { parsePublicId } from '../../libs/kernel/id';
import { Database } from '../../libs/persistence/database';
import { runtimeUrl } from '../../libs/testing/database';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { allBrands } from '../../src/identity';
import { LookAtAllAgain } from '../../src/licenses';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(60_000);

interface Told {
  id: string;
  type: string;
  days: number | null;
  actor: string | null;
  occurred_at: Date;
}

describe('The clock, watched by three services over one database,', () => {
  let service: TestService;
  let others: Awaited<ReturnType<typeof serviceOver>>[];
  let world: BrandWorld;
  let travelled = 0;
  beforeAll(async () => {
    service = await startTestService({ DATABASE_POOL_SIZE: '5' });
    const start = () => serviceOver(runtimeUrl(service.database), { BACKGROUND_WORK: 'false', DATABASE_POOL_SIZE: '5' });
    others = [await start(), await start()];
    for (const { app } of others) {
      const db = app.get(Database);
      const real = db.now.bind(db);
      db.now = () => daysAfter(real(), travelled);
    }
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
    ok(await world.createProduct({ code: 'month', duration_days: 30, grace_days: 7 }));
    ok(await world.createProduct({ code: 'short', duration_days: 3, grace_days: 0 }));
  });
  afterEach(() => service.owner.query('rollback'));
  afterAll(async () => {
    await Promise.all(others.map((one) => one.stop()));
    await service.stop();
  });

  /** For all of them. */
  const travel = (days: number) => {
    service.travel(days);
    travelled += days;
  };
  const look = () => service.settle('expiry');
  /** All look at the same time, and for as long as there is something to see. */
  const everybodyLooks = () => Promise.all([look(), ...others.map(({ app }) => app.get(Background).settle('expiry'))]);

  async function give(product: string, count = 1): Promise<string[]> {
    const give = () => world.provision({ customer_email: 'john@example.com', licenses: [{ product_code: product }] });
    const made: string[] = [];
    for (let i = 0; i < count; i += 1) made.push(ok(await give()).licenses[0].id);
    return made;
  }
  const change = async (license: string, path: string, body: object) =>
    ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${license}/${path}`, body }));

  const events = async (): Promise<Told[]> => {
    const { rows } = await service.owner.query<Told>(
      `select data->>'id' as id, type, (data->>'days_before')::int as days, actor, occurred_at from outbox_events
        where type in ('license.expiring_soon', 'license.expired', 'license.grace_ended') order by position`,
    );
    return rows;
  };
  const toldOf = async (license: string) => (await events()).filter(({ id }) => id === license).map(({ type, days }) => days ?? type);
  const whole = [7, 1, 'license.expired', 'license.grace_ended'];

  it('tells each moment of every license exactly once, with time passing and with nobody there for weeks', async () => {
    const [months, shorts] = [await give('month', 60), await give('short', 30)];
    await everybodyLooks();
    for (const days of [2.5, 1, 20, 0, 5.6, 15]) {
      travel(days);
      await everybodyLooks();
    }
    const all = await events();
    for (const id of months) expect(all.filter((one) => one.id === id).map(({ type, days }) => days ?? type)).toEqual(whole);
    for (const id of shorts)
      expect(all.filter((one) => one.id === id).map(({ type, days }) => days ?? type)).toEqual([1, 'license.expired']);
    expect(new Set(all.map(({ actor }) => actor))).toEqual(new Set(['clock']));
    const { rows } = await service.owner.query(
      `select from audit_logs where action like 'license.expir%' or action = 'license.grace_ended'`,
    );
    expect(rows).toEqual([]);
  });

  it('tells all of it after a long silence, in its order, at the time of the look', async () => {
    const [license] = await give('month');
    travel(100);
    await everybodyLooks();
    expect(await toldOf(license!)).toEqual(whole);
    const { rows } = await service.owner.query<{ now: Date }>('select now()');
    const at = (await events()).filter(({ id }) => id === license).map(({ occurred_at }) => occurred_at.getTime());
    for (const time of at) expect(Math.abs(time - daysAfter(rows[0]!.now, travelled).getTime())).toBeLessThan(10_000);
  });

  it('begins anew when a license is renewed, and leaves its version alone', async () => {
    const [license] = await give('month');
    travel(40);
    await everybodyLooks();
    const renewed = await change(license!, 'renew', { extend_days: 30 });
    await everybodyLooks();
    expect(await toldOf(license!)).toEqual(whole);
    travel(29.5);
    await everybodyLooks();
    travel(30);
    await everybodyLooks();
    expect(await toldOf(license!)).toEqual([...whole, ...whole]);
    expect(ok(await world.call({ path: `/v1/licenses/${license}` }))).toMatchObject({
      version: renewed.version,
      updated_at: renewed.updated_at,
    });
  });

  it('tells of a suspended license, and nothing of one that was cancelled or never ends', async () => {
    const [suspended, cancelled, later] = await give('month', 3);
    const forLife = ok(await world.provision({ customer_email: 'j@example.com', licenses: [{ product_code: 'month', expires_at: null }] }));
    await everybodyLooks();
    await change(suspended!, 'status', { status: 'suspended' });
    await change(cancelled!, 'status', { status: 'cancelled' });
    travel(24);
    await everybodyLooks();
    await change(later!, 'status', { status: 'cancelled' });
    travel(24);
    await everybodyLooks();
    expect(await toldOf(suspended!)).toEqual(whole);
    expect(await toldOf(cancelled!)).toEqual([]);
    expect(await toldOf(later!)).toEqual([7]);
    expect(await toldOf(forLife.licenses[0].id)).toEqual([]);
  });

  it('waits for nobody who holds a license, and comes back to it', async () => {
    const [held, free] = await give('month', 2);
    await everybodyLooks();
    travel(25);
    await service.owner.query('begin');
    await service.owner.query('select from licenses where id = $1 for update', [parsePublicId('license', held!)]);
    await everybodyLooks();
    await service.owner.query('commit');
    expect([await toldOf(held!), await toldOf(free!)]).toEqual([[], [7]]);
    await everybodyLooks();
    expect(await toldOf(held!)).toEqual([7]);
  });

  it('does not lose what came true while a license was being renewed', async () => {
    const licenses = await give('short', 20);
    await everybodyLooks();
    travel(4);
    await Promise.all([everybodyLooks(), ...licenses.map((id, i) => sleep(i * 5).then(() => change(id, 'renew', { extend_days: 3 })))]);
    travel(4);
    await everybodyLooks();
    for (const id of licenses) {
      const told = await toldOf(id);
      // Of the first term all or nothing, as the look came before the renewal or after it; of the second all.
      expect([
        [1, 'license.expired'],
        [1, 'license.expired', 1, 'license.expired'],
      ]).toContainEqual(told);
    }
  });

  it('looks at all again when the days were set anew, and tells nothing twice', async () => {
    const [license, over, ended] = await give('month', 3);
    await everybodyLooks();
    travel(25);
    await everybodyLooks();
    await service.owner.query('update licenses set next_notice_at = null where id = $1', [parsePublicId('license', license!)]);
    await change(over!, 'status', { status: 'cancelled' });
    await service.app.get(CommandBus).execute(new LookAtAllAgain(allBrands, 7));
    await everybodyLooks();
    expect([await toldOf(license!), await toldOf(over!), await toldOf(ended!)]).toEqual([[7], [7], [7]]);
    travel(5.5);
    await everybodyLooks();
    expect(await toldOf(license!)).toEqual([7, 1, 'license.expired']);
  });

  it('leaves a way to what is due that stays short, however many licenses there are', async () => {
    await service.owner.query('analyze licenses');
    const { rows } = await service.owner
      .query<{ 'QUERY PLAN': string }>(
        `set enable_seqscan = off; explain select brand_id, id from licenses where next_notice_at <= now() order by next_notice_at limit 200`,
      )
      .then((results) => (results as unknown as { rows: { 'QUERY PLAN': string }[] }[])[1]!);
    await service.owner.query('reset enable_seqscan');
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('licenses_by_next_notice');
  });
});
