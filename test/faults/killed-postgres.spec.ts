import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Call, TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld } from '../../libs/testing/world';
import { serviceOver } from '../fixtures/services';
import { Chance, Fleet, onBrokenBuild, Postgres, report, rigSettings, sized, until } from './rig';

jest.setTimeout(sized(120_000, 600_000));

const documented = [200, 201, 409, 429, 503];
const settled = [200, 201];

/** kill -9 of PostgreSQL, all of its processes at once, while clients change things. */
describe('However often PostgreSQL is killed', () => {
  let postgres: Postgres;
  beforeEach(async () => {
    postgres = await Postgres.start();
  });
  afterEach(() => postgres.remove());

  interface Asked {
    readonly what: string;
    readonly sure: boolean;
  }

  /** What was acknowledged is there afterwards, and what is there was asked for. */
  async function live(kills: number) {
    const chance = new Chance('killed PostgreSQL');
    const service = await serviceOver(postgres.runtimeUrl, { ...rigSettings, BACKGROUND_WORK: 'false' });
    const world = await createBrandWorld(service as unknown as TestService, { seats: null });
    await service.stop();
    const fleet = new Fleet(postgres);
    await fleet.start(2);
    const pids = fleet.instances.map(({ pid }) => pid);

    const found: string[] = [];
    const asked: Asked[] = [];
    let operations = 0;
    let turnedAway = 0;
    let storm = true;
    const call = async (one: Call): Promise<Answer> => {
      const start = performance.now();
      const answer = await fleet.instances[operations++ % 2]!.call(one);
      const took = performance.now() - start;
      if (!documented.includes(answer.status)) found.push(`${one.path}: ${answer.status} ${answer.text}`);
      if (answer.status === 503 && !answer.headers.has('retry-after')) found.push(`${one.path}: 503 without Retry-After`);
      if (took > 5_000) found.push(`${one.path}: took ${Math.round(took)} ms`);
      if (answer.status === 503) turnedAway += 1;
      return answer;
    };
    const client = async (number: number) => {
      for (let i = 0; storm; i++) {
        const what = `${number}-${i}`;
        const answer = await (i % 3 === 2 ? call(aGrant(world, what)) : call(anActivation(world, what)));
        asked.push({ what, sure: settled.includes(answer.status) });
        if (answer.status === 503) await sleep(100);
      }
    };
    const clients = Array.from({ length: 10 }, (_, number) => client(number));
    const recoveries: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      await sleep(1_000 + chance.upTo(1_500));
      await postgres.kill();
      await sleep(chance.upTo(1_000));
      await postgres.come();
      const back = performance.now();
      await until('both instances serve again', 5, async () => {
        const answers = await Promise.all(fleet.instances.map((one) => one.call({ path: '/ready' })));
        return answers.every(({ status }) => status === 200);
      }).catch((error: Error) => found.push(error.message));
      recoveries.push(Math.round(performance.now() - back));
    }
    await sleep(500);
    storm = false;
    await Promise.all(clients);
    await until('the log has followed', 30, async () => (await unnumbered()) === 0);
    await fleet.stop();
    if (fleet.instances.map(({ pid }) => pid).join() !== pids.join()) found.push('an instance died');
    found.push(...(await lostOrInvented(asked)), ...(await brokenBooks()));
    report(chance, {
      operations,
      'acknowledged changes': asked.filter(({ sure }) => sure).length,
      'turned away with 503': turnedAway,
      kills,
      'ms to recover at most': Math.max(...recoveries),
      violations: found.length,
    });
    return { found, turnedAway };
  }

  const anActivation = ({ licenseKey, product }: BrandWorld, instance: string): Call => ({
    path: '/v1/licenses/activate',
    body: { license_key: licenseKey, product_code: product, instance_id: instance },
  });
  const aGrant = ({ slug, key, product }: BrandWorld, order: string): Call => ({
    path: `/v1/brands/${slug}/licenses`,
    key,
    body: { customer_email: `c${order}@example.com`, licenses: [{ product_code: product, metadata: { order } }] },
  });

  const unnumbered = async () =>
    Number((await postgres.ask<{ count: string }>('select count(*) from outbox_events where sequence is null'))[0]!.count);

  async function lostOrInvented(asked: Asked[]): Promise<string[]> {
    const there = await postgres.ask<{ what: string; count: string }>(
      `select what, count(*) from (select instance_id as what from activations union all select metadata->>'order' from licenses where metadata ? 'order') t group by 1`,
    );
    const counts = new Map(there.map(({ what, count }) => [what, Number(count)]));
    const known = new Set(asked.map(({ what }) => what));
    return [
      ...asked.filter(({ what, sure }) => sure && !counts.has(what)).map(({ what }) => `${what}: acknowledged and lost`),
      ...[...counts].filter(([what, count]) => count > 1 || !known.has(what)).map(([what, count]) => `${what}: there ${count} times`),
    ];
  }

  /** Each committed change has one event, each change by an API key one row of audit, and the counters are right. */
  async function brokenBooks(): Promise<string[]> {
    const rows = await postgres.ask<{ fault: string; count: string }>(
      `select 'activations without their event, or the other way' as fault, abs((select count(*) from activations) - (select count(*) from outbox_events where type = 'license.activated')) as count
       union all select 'licenses without their event, or the other way', abs((select count(*) from licenses) - (select count(*) from outbox_events where type = 'license.provisioned'))
       union all select 'licenses without their audit, or the other way', abs((select count(*) from licenses) - (select count(*) from audit_logs where action = 'license.provisioned'))
       union all select 'seats that are not counted', abs((select sum(seats_used) from licenses) - (select count(*) from activations where deactivated_at is null))
       union all select 'gaps in the log', sum(gaps) from (select max(sequence) - count(*) as gaps from outbox_events group by brand_id) t`,
    );
    return rows.filter(({ count }) => count !== '0').map(({ fault, count }) => `${count} ${fault}`);
  }

  it('what was acknowledged is there, nothing else is, and callers hear nothing that is not documented', async () => {
    const { found, turnedAway } = await live(3);
    expect(found).toEqual([]);
    expect(turnedAway).toBeGreaterThan(0);
  });

  onBrokenBuild('is found out when commits are acknowledged before they are on the disk', async () => {
    await postgres.ask('alter system set synchronous_commit = off');
    await postgres.ask(`alter system set wal_writer_delay = '10s'`);
    await postgres.ask('select pg_reload_conf()');
    expect((await live(1)).found).toContainEqual(expect.stringContaining('acknowledged and lost'));
  });
});
