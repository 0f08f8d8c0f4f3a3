import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Call, TestService } from '../../libs/testing/service';
import { createBrandWorld } from '../../libs/testing/world';
import { serviceOver } from '../fixtures/services';
import { brokenBuild, Chance, Fleet, onBrokenBuild, Postgres, report, rigSettings, sized, until } from './rig';

jest.setTimeout(sized(90_000, 300_000));

/** It does not die: it stands still, so nobody is told that nobody answers. */
describe('While PostgreSQL is frozen', () => {
  let postgres: Postgres;
  beforeEach(async () => {
    postgres = await Postgres.start();
  });
  afterEach(async () => {
    postgres.thaw();
    await postgres.remove();
  });

  async function live(main?: string): Promise<{ found: string[]; turnedAway: number }> {
    const chance = new Chance('frozen PostgreSQL');
    const service = await serviceOver(postgres.runtimeUrl, { ...rigSettings, BACKGROUND_WORK: 'false' });
    const world = await createBrandWorld(service as unknown as TestService, { seats: null });
    await service.stop();
    const fleet = new Fleet(postgres, {}, main);
    await fleet.start(1);
    const instance = fleet.instances[0]!;
    const seat = (instance_id: string) => ({ license_key: world.licenseKey, product_code: world.product, instance_id });
    const calls: ((i: number) => Call)[] = [
      (i) => ({ path: '/v1/licenses/activate', body: seat(`site-${i}`) }),
      (i) => ({ path: '/v1/licenses/verify', body: seat(`site-${i}`) }),
      () => ({ path: '/v1/events', key: world.key }),
      (i) => ({
        path: `/v1/brands/${world.slug}/products`,
        key: world.key,
        body: { code: `p-${i}`, name: 'P' },
        headers: { 'idempotency-key': `k-${i}` },
      }),
      () => ({ path: '/ready' }),
    ];
    const found: string[] = [];
    const answers: (Answer & { took: number })[] = [];
    const ask = async (i: number) => {
      const one = calls[i % calls.length]!(i);
      const start = performance.now();
      const answer = await instance.call(one);
      const took = performance.now() - start;
      answers.push({ ...answer, took });
      if (![200, 201, 503].includes(answer.status)) found.push(`${one.path}: ${answer.status} ${answer.text}`);
      if (answer.status === 503 && one.path !== '/ready' && !answer.headers.has('retry-after')) found.push(`${one.path}: no Retry-After`);
      if (took > 5_500) found.push(`${one.path}: took ${Math.round(took)} ms`);
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => ask(i)));
    for (let round = 0; round < rounds; round++) {
      postgres.freeze();
      const asked = Array.from({ length: 25 }, (_, i) => ask(100 * (round + 1) + i));
      await sleep(5_500);
      await Promise.race([Promise.all(asked), sleep(500)]);
      if (answers.length < 20 + 25 * (round + 1)) found.push(`${20 + 25 * (round + 1) - answers.length} calls hang`);
      postgres.thaw();
      await Promise.all(asked);
      await until('it serves again', 5, async () => (await instance.call(calls[0]!(10_000 + round))).status < 300).catch((error: Error) =>
        found.push(error.message),
      );
    }
    await fleet.stop();
    const turnedAway = answers.filter(({ status }) => status === 503);
    report(chance, {
      calls: answers.length,
      'turned away with 503': turnedAway.length,
      'ms at most': Math.round(Math.max(...answers.map(({ took }) => took))),
      violations: found.length,
    });
    return { found, turnedAway: turnedAway.length };
  }

  const rounds = sized(1, 5);

  it('callers are told to come back within five seconds, and within five more all is as before', async () => {
    const { found, turnedAway } = await live();
    expect(found).toEqual([]);
    expect(turnedAway).toBeGreaterThanOrEqual(20 * rounds);
  });

  onBrokenBuild('is found out when nobody but the server counts the time', async () => {
    const build = brokenBuild([{ file: 'src/data-source.js', find: 'query_timeout: 2_900', replace: 'query_timeout: 0' }]);
    try {
      expect((await live(build.main)).found).toContainEqual(expect.stringMatching(/calls hang$/));
    } finally {
      build.remove();
    }
  });
});
