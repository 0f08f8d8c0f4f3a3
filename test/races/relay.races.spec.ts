import { Logger } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Client } from 'pg';
import { type BrandId, newBrandId } from '../../libs/kernel/brand-id';
import type { LoggedEvent } from '../../libs/kernel/domain-event';
import { newId } from '../../libs/kernel/id';
import { Background } from '../../libs/messaging/background';
import { Jobs } from '../../libs/messaging/jobs';
import { Database } from '../../libs/persistence/database';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl } from '../../libs/testing/database';
import { runtimeDataSource } from '../../src/data-source';
import { ForgetEvents } from '../../src/events/adapters/forget-events';
import { PostgresEventLog } from '../../src/events/adapters/postgres-event-log';
import { PostgresListSetAsideEvents, RetryEventsHandler } from '../../src/events/adapters/postgres-event-queries';
import { Relay } from '../../src/events/adapters/relay';
import { Wakeups } from '../../src/events/adapters/wakeups';
import type { EventTransport } from '../../src/events/ports/event-transport';
import { ListSetAsideEvents, RetryEvents } from '../../src/events/use-cases/set-aside-events';
import { allBrands } from '../../src/identity';

jest.setTimeout(30_000);

/** Where subscribers write what they heard, as one of ours would: behind the wall, in the open unit of work. */
const heardTable = `
  create table heard (turn bigint generated always as identity, brand_id uuid not null, event_id uuid not null, sequence bigint not null, who text not null);
  grant select, insert on heard to latchkey_runtime;
`;

Logger.overrideLogger(false);

describe('The relay', () => {
  let database: string;
  let owner: Client;
  const open: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    database = await freshDatabase();
    owner = new Client({ connectionString: ownerUrl(database) });
    await owner.connect();
    await owner.query(heardTable);
  });
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
    await owner.end();
    await dropDatabase(database);
  });

  class NoLocks extends PostgresEventLog {
    override async hold(brandId: BrandId, outlet: string) {
      await this.unlocked.query('insert into event_cursors (brand_id, outlet, sequence) values ($1, $2, 0) on conflict do nothing', [
        brandId,
        outlet,
      ]);
      const { rows } = await this.unlocked.query('select sequence from event_cursors where brand_id = $1 and outlet = $2', [
        brandId,
        outlet,
      ]);
      // As slow as a busy machine may be, so that the other one reads the same.
      await sleep(20);
      return { sequence: Number(rows[0].sequence), attempts: 0 };
    }
    constructor(
      db: Database,
      private readonly unlocked: Client,
    ) {
      super(db);
    }
  }

  /** An instance of its own: connections, relay and the outlets given. */
  async function anInstance(outlets: (db: Database) => EventTransport[], logOf = (db: Database) => new PostgresEventLog(db)) {
    const source = await new DataSource(runtimeDataSource(runtimeUrl(database), 8)).initialize();
    const db = new Database(source);
    const [background, wakeups, signals] = [
      new Background(),
      new Wakeups(source, db),
      new EventBus(undefined as never, undefined as never, undefined as never, undefined),
    ];
    const all = outlets(db);
    const relay = new Relay(db, logOf(db), all, background, signals, wakeups);
    relay.onModuleInit();
    open.push(
      () => source.destroy(),
      () => relay.onApplicationShutdown(),
      () => background.stop(),
    );
    return { source, db, background, wakeups, outlets: all, settle: () => background.settle() };
  }

  /** Subscribers that write what they hear; `failing` says of an event whether they then fail. */
  const subscribers =
    (who: string, failing: (event: LoggedEvent) => boolean = () => false) =>
    (db: Database): EventTransport[] => [
      {
        name: 'subscribers',
        joinsUnitOfWork: true,
        setsAsideAfter: 3,
        deliver: async (...events) => {
          for (const event of events) {
            const values = [event.brandId, event.id, event.sequence, who];
            await db.manager.query('insert into heard (brand_id, event_id, sequence, who) values ($1, $2, $3, $4)', values);
            if (failing(event)) throw new Error('on purpose');
          }
        },
        close: () => Promise.resolve(),
      },
    ];

  const happen = async (brandId: BrandId, client: Client = owner): Promise<string> => {
    const id = newId();
    const sql = `insert into outbox_events (brand_id, id, type, data, occurred_at) values ($1, $2, 'license.renewed', '{}', now())`;
    await client.query(sql, [brandId, id]);
    return id;
  };
  const heard = async (brandId?: BrandId) =>
    (
      await owner.query<{ event_id: string; sequence: string; who: string }>(
        'select * from heard where $1::uuid is null or brand_id = $1 order by turn',
        [brandId],
      )
    ).rows;
  const placesHeard = async (brandId?: BrandId) => (await heard(brandId)).map(({ sequence }) => Number(sequence));
  const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it('brings every event of a brand to its subscribers once and in order, however many instances there are', async () => {
    const brands = [newBrandId(), newBrandId(), newBrandId()];
    const instances = await Promise.all(['a', 'b', 'c'].map((who) => anInstance(subscribers(who))));
    instances.forEach(({ background }) => background.start());
    for (let i = 0; i < 120; i++) await happen(brands[i % 3]!);
    for (const deadline = Date.now() + 15_000; (await heard()).length < 120 && Date.now() < deadline; await sleep(50));
    for (const brand of brands) expect(await placesHeard(brand)).toEqual(oneTo(40));
  });

  it('would bring some twice without the lock on the cursor', async () => {
    const brand = newBrandId();
    const careless = (db: Database) => new NoLocks(db, owner);
    const instances = await Promise.all(['a', 'b'].map((who) => anInstance(subscribers(who), careless)));
    for (let i = 0; i < 10; i++) await happen(brand);
    await (await anInstance(() => [])).settle();
    await Promise.all(instances.map(({ background }) => background.settle('events to subscribers')));
    expect((await placesHeard(brand)).length).toBeGreaterThan(10);
  });

  it('gives places without a gap, and none that is seen before the one in front of it', async () => {
    const brand = newBrandId();
    const late = new Client({ connectionString: ownerUrl(database) });
    await late.connect();
    await late.query('begin');
    const first = await happen(brand, late);
    const second = await happen(brand);
    const { settle } = await anInstance(subscribers('a'));
    await settle();
    expect((await heard()).map(({ event_id }) => event_id)).toEqual([second]);
    await late.query('commit');
    await late.end();
    await settle();
    expect((await heard()).map(({ event_id, sequence }) => [event_id, sequence])).toEqual([
      [second, '1'],
      [first, '2'],
    ]);
  });

  it('tries an event that fails again later, then sets it aside; the brand waits for it, no other brand does', async () => {
    const [poisoned, healthy] = [newBrandId(), newBrandId()];
    const bad = await happen(poisoned);
    await happen(poisoned);
    await happen(healthy);
    const { settle, db, outlets } = await anInstance(subscribers('a', ({ id }) => id === bad));
    let ahead = 0;
    const now = db.now.bind(db);
    db.now = () => new Date(now().getTime() + ahead);

    await settle();
    expect([await placesHeard(poisoned), await placesHeard(healthy)]).toEqual([[], [1]]);
    await settle();
    const cursor = async () =>
      (await owner.query(`select * from event_cursors where brand_id = $1 and outlet = 'subscribers'`, [poisoned])).rows[0];
    expect(await cursor()).toMatchObject({ sequence: '0', attempts: 1, last_error: 'on purpose' });
    ahead += 2_000;
    await settle();
    expect(await cursor()).toMatchObject({ sequence: '0', attempts: 2 });
    ahead += 4_000;
    await settle();
    expect([await cursor(), await placesHeard(poisoned)]).toMatchObject([{ sequence: '2', attempts: 0 }, [2]]);

    const waiting = () => new PostgresListSetAsideEvents(db).execute(new ListSetAsideEvents(allBrands));
    expect(await waiting()).toMatchObject([{ brandId: poisoned, eventId: bad, type: 'license.renewed', error: 'on purpose', attempts: 3 }]);
    const retry = (working: EventTransport[]) => new RetryEventsHandler(db, working).execute(new RetryEvents(allBrands, null));
    expect(await retry(outlets)).toEqual([{ eventId: bad, error: 'on purpose' }]);
    expect(await waiting()).toMatchObject([{ attempts: 4 }]);
    expect(await retry(subscribers('a')(db))).toEqual([{ eventId: bad, error: null }]);
    expect([await waiting(), await placesHeard(poisoned)]).toEqual([[], [2, 1]]);
    expect(await retry(outlets)).toEqual([]);
  });

  it.each([
    ['lost connections', '08006'],
    ['time-outs', '57014'],
  ])('serves every brand, however many others meet %s', async (_, code) => {
    const brands = Array.from({ length: 7 }, newBrandId);
    for (const brand of brands) await happen(brand);
    const unlucky = new Set(brands.slice(0, 5));
    const away = Object.assign(new Error('on purpose'), { code });
    const { settle, background } = await anInstance((db) => {
      const [outlet] = subscribers('a')(db);
      return [
        {
          ...outlet!,
          deliver: (...events) => (unlucky.has(events[0]!.brandId) ? Promise.reject(away) : outlet!.deliver(...events)),
          close: outlet!.close,
        },
      ];
    });
    await background.settle('event log');
    // A lost connection is nobody's fault and is not counted; whatever else happens again and again is set aside in the end.
    if (code === '08006') await expect(settle()).rejects.toBe(away);
    else await settle();
    const { rows } = await owner.query(`select sum(attempts)::int as attempts from event_cursors where outlet = 'subscribers'`);
    expect(rows).toEqual([{ attempts: code === '08006' ? 0 : 5 }]);
    for (const brand of brands) expect(await placesHeard(brand)).toEqual(unlucky.has(brand) ? [] : [1]);
  });

  it('keeps what was delivered before an event that fails', async () => {
    const brand = newBrandId();
    await happen(brand);
    const bad = await happen(brand);
    const { settle } = await anInstance(subscribers('a', ({ id }) => id === bad));
    await settle();
    expect(await placesHeard(brand)).toEqual([1]);
  });

  /** A way out that is not in our unit of work. */
  const broker = (taken: number[], away: () => boolean) => (): EventTransport => ({
    name: 'broker',
    joinsUnitOfWork: false,
    setsAsideAfter: null,
    deliver: async (...[event]) => {
      const { sequence } = event!;
      if (away()) throw new Error('the broker is away');
      taken.push(sequence);
    },
    close: () => Promise.resolve(),
  });

  it('loses nothing for a broker that is away, and lets nobody else wait for it', async () => {
    const brand = newBrandId();
    const taken: number[] = [];
    let away = true;
    const { settle, db } = await anInstance((db) => [...subscribers('a')(db), broker(taken, () => away)()]);
    for (let i = 0; i < 60; i++) await happen(brand);
    await settle();
    expect([taken, await placesHeard(brand)]).toEqual([[], oneTo(60)]);
    away = false;
    const now = db.now.bind(db);
    db.now = () => new Date(now().getTime() + 2_000);
    await settle();
    expect(taken).toEqual(oneTo(60));
  });

  it('lets one instance at a time talk to the broker, and another one go on when that dies', async () => {
    const brand = newBrandId();
    for (let i = 0; i < 5; i++) await happen(brand);
    const [died, taken]: number[][] = [[], []];
    const stuck = await anInstance(() => [
      Object.assign(broker(died!, () => false)(), { deliver: () => new Promise<void>(() => undefined) }),
    ]);
    // It finds out that it is too late when the test is over.
    void stuck.settle().catch(() => undefined);
    await sleep(500);
    const { settle, db } = await anInstance(() => [broker(taken!, () => false)()]);
    await settle();
    expect(taken).toEqual([]);
    const now = db.now.bind(db);
    db.now = () => new Date(now().getTime() + 6_000);
    await settle();
    expect(taken).toEqual(oneTo(5));
  });

  it('lets an instance that took too long mark nothing over whoever went on', async () => {
    const brand = newBrandId();
    const taken: number[] = [];
    await happen(brand);
    let finish = (): void => undefined;
    const slow = await anInstance(() => [
      Object.assign(broker([], () => false)(), {
        deliver: () => new Promise<void>((_, reject) => (finish = () => reject(new Error('too late')))),
      }),
    ]);
    const late = slow.settle();
    await sleep(500);
    const { settle, db } = await anInstance(() => [broker(taken, () => false)()]);
    const now = db.now.bind(db);
    db.now = () => new Date(now().getTime() + 6_000);
    await settle();
    finish();
    await late;
    const cursor = await owner.query(
      `select sequence, attempts, retry_at, last_error from event_cursors where brand_id = $1 and outlet = 'broker'`,
      [brand],
    );
    expect([taken, cursor.rows]).toEqual([[1], [{ sequence: '1', attempts: 0, retry_at: null, last_error: null }]]);
  });

  it('gives up on a broker that does not answer, in time for its lease', async () => {
    const brand = newBrandId();
    await happen(brand);
    const { settle } = await anInstance(() => [
      Object.assign(broker([], () => false)(), { deliver: () => new Promise<void>(() => undefined) }),
    ]);
    await settle();
    const { rows } = await owner.query(
      `select sequence, attempts, last_error from event_cursors where brand_id = $1 and outlet = 'broker'`,
      [brand],
    );
    expect(rows).toEqual([{ sequence: '0', attempts: 1, last_error: 'no answer in time' }]);
  });

  it('is woken by another instance, also after its connection was lost', async () => {
    const [here, there] = [await anInstance(() => []), await anInstance(() => [])];
    let calls = 0;
    await here.wakeups.listen(() => calls++);
    const called = async () => {
      const before = calls;
      there.wakeups.call();
      for (const deadline = Date.now() + 5_000; calls === before && Date.now() < deadline; await sleep(10));
      return calls > before;
    };
    expect(await called()).toBe(true);
    await owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'latchkey listener' and datname = $1`,
      [database],
    );
    await sleep(100);
    await here.wakeups.listen(() => calls++);
    expect(await called()).toBe(true);
  });

  it('forgets what is old and delivered, and nothing else', async () => {
    const [brand, held] = [newBrandId(), newBrandId()];
    const old = await happen(brand);
    const bad = await happen(held);
    const { settle, db, background, outlets } = await anInstance(subscribers('a', ({ id }) => id === bad));
    await settle();
    const unnumbered = await happen(brand);
    const retention = { idempotencyHours: 24, eventsDays: 90, deliveriesDays: 30, answersDays: 7 };
    const forget = new ForgetEvents(db, new PostgresEventLog(db), new Jobs(db, background), retention, outlets);
    const left = async () => (await owner.query<{ id: string }>('select id from outbox_events')).rows.map(({ id }) => id).sort();
    await forget.forgetSome();
    expect(await left()).toEqual([old, bad, unnumbered].sort());
    const now = db.now.bind(db);
    db.now = () => new Date(now().getTime() + 91 * 86_400_000);
    await forget.forgetSome();
    expect(await left()).toEqual([bad, unnumbered].sort());
  });
});
