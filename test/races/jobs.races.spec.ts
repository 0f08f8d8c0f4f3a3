import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Background } from '../../libs/messaging/background';
import { Jobs } from '../../libs/messaging/jobs';
import { withOwner } from '../../libs/testing/database';
import { postgresHouse } from '../fixtures/houses';

Logger.overrideLogger(false);

describe('A job', () => {
  let house: Awaited<ReturnType<typeof postgresHouse>>;
  beforeAll(async () => {
    house = await postgresHouse();
  });
  afterAll(() => house.close());

  /** Instances that know the job; what each of them did is noted. */
  const instances = (name: string, count: number, work: (who: number) => Promise<boolean>) =>
    Array.from({ length: count }, (_, who) => {
      const jobs = new Jobs(house.db, new Background());
      jobs.add({ name, everySeconds: 3_600, work: () => work(who) });
      return jobs;
    });
  const row = (name: string) =>
    withOwner(
      house.name,
      async (owner) => (await owner.query('select *, next_run_at > now() as waits from jobs where name = $1', [name])).rows[0],
    );
  const due = (name: string) =>
    withOwner(house.name, (owner) => owner.query('update jobs set next_run_at = now() where name = $1', [name]));

  it('is done by one of all instances when it is due, to its end, and then not before its time', async () => {
    const done: number[] = [];
    const all = instances('once', 5, async (who) => {
      await sleep(20);
      return done.push(who) < 3;
    });
    await Promise.all(all.map((jobs) => jobs.runDue()));
    expect(done).toHaveLength(3);
    expect(new Set(done).size).toBe(1);
    await Promise.all(all.map((jobs) => jobs.runDue()));
    expect(done).toHaveLength(3);
    await due('once');
    await Promise.all(all.map((jobs) => jobs.runDue()));
    expect(done).toHaveLength(4);
  });

  it('is taken over when whoever does it dies', async () => {
    const [dead, alive] = instances('orphan', 2, async (who) => (who === 0 ? new Promise<boolean>(() => undefined) : false)) as [
      Jobs,
      Jobs,
    ];
    void dead.runDue();
    for (const deadline = Date.now() + 5_000; !(await row('orphan')) && Date.now() < deadline; await sleep(10));
    await sleep(50);
    expect(await alive.runDue()).toEqual([]);
    await due('orphan');
    expect(await alive.runDue()).toEqual([{ name: 'orphan', error: null }]);
  });

  it('that has much to do is left to others when the service stops', async () => {
    const background = new Background();
    const jobs = new Jobs(house.db, background);
    let parts = 0;
    jobs.add({ name: 'long', everySeconds: 3_600, work: async () => (await sleep(20), ++parts < 500) });
    const running = jobs.runDue();
    for (const deadline = Date.now() + 5_000; parts < 2 && Date.now() < deadline; await sleep(5));
    await background.stop();
    await running;
    expect(parts).toBeLessThan(100);
    expect(await row('long')).toMatchObject({ waits: false });
  });

  it('that fails is done again soon, and says why', async () => {
    let failing = true;
    const [jobs] = instances('flaky', 1, async () => {
      if (failing) throw new Error('on purpose');
      return false;
    }) as [Jobs];
    expect(await jobs.runDue()).toEqual([{ name: 'flaky', error: 'on purpose' }]);
    expect(await row('flaky')).toMatchObject({ last_error: 'on purpose', waits: true });
    failing = false;
    await due('flaky');
    expect(await jobs.runDue()).toEqual([{ name: 'flaky', error: null }]);
    expect(await row('flaky')).toMatchObject({ last_error: null });
  });
});
