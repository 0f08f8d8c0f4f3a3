import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { dropDatabase, freshDatabase, runtimeUrl, withOwner } from '../../libs/testing/database';
import type { Answer, TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { secrets, type ServiceProcess, spawnService } from '../fixtures/processes';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(30_000);

let database: string;
let world: BrandWorld;
beforeAll(async () => {
  database = await freshDatabase();
  const service = await serviceOver(runtimeUrl(database), secrets);
  world = await createBrandWorld(service as unknown as TestService, { seats: null });
  await service.stop();
});
afterAll(() => dropDatabase(database));

const seat = (instance: string) => ({ license_key: world.licenseKey, product_code: world.product, instance_id: instance });
const activate = (service: ServiceProcess, instance: string) => service.call({ path: '/v1/licenses/activate', body: seat(instance) });

/** Resolves with how long it took until the question was answered so. */
async function until(answered: () => Promise<boolean>, limit: number): Promise<number> {
  const start = performance.now();
  while (!(await answered())) {
    if (performance.now() - start > limit) throw new Error(`Not within ${limit} ms`);
    await sleep(50);
  }
  return performance.now() - start;
}

describe('When PostgreSQL ends every connection', () => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await spawnService(runtimeUrl(database));
  });
  afterAll(() => service?.stop());

  const killAll = () =>
    withOwner('postgres', async (owner) => {
      const { rowCount } = await owner.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, [database]);
      return rowCount ?? 0;
    });

  it('callers are told to come back, nobody is told anything else, and within 5 seconds all is as before', async () => {
    const { licenseId, slug, key } = world;
    const calls = [
      (i: number) => activate(service, `site-${i}`),
      (i: number) => service.call({ path: '/v1/licenses/deactivate', body: seat(`site-${i - 4}`) }),
      (i: number) => service.call({ path: '/v1/licenses/verify', body: seat(`site-${i}`) }),
      (i: number) => service.call({ method: 'PATCH', key, path: `/v1/licenses/${licenseId}`, body: { metadata: { i: String(i) } } }),
      () => service.call({ key, path: `/v1/brands/${slug}/products` }),
    ];
    let storm = true;
    let killed = 0;
    const killing = (async () => {
      for (; storm; await sleep(60)) killed += await killAll();
    })();
    const answers: (Answer & { took: number })[] = [];
    const caller = async (first: number) => {
      for (let i = first; i < 400; i += 20) {
        const start = performance.now();
        const answer = await calls[i % calls.length]!(i);
        answers.push({ ...answer, took: performance.now() - start });
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, first) => caller(first))).finally(() => (storm = false));
    await killing;

    expect(answers.filter(({ status }) => status >= 300 && status !== 503).map(({ status, text }) => `${status}: ${text}`)).toEqual([]);
    const away = answers.filter(({ status }) => status === 503);
    expect(away.filter(({ headers, body }) => headers.get('retry-after') !== '1' || body.code !== 'unavailable')).toEqual([]);
    expect([killed > 10, away.length > 10, away.length < answers.length]).toEqual([true, true, true]);
    expect(Math.max(...answers.map(({ took }) => took))).toBeLessThan(5000);

    await until(async () => (await activate(service, 'afterwards')).status < 300, 5000);
    expect((await service.call({ path: '/ready' })).status).toBe(200);
    expect(service.child.exitCode).toBeNull();
  });

  it('no seat was half taken', async () => {
    const { rows } = await withOwner(database, (owner) =>
      owner.query(`select seats_used as counted, (select count(*)::int from activations where deactivated_at is null) as living,
          (select count(*) from outbox_events where type = 'license.activated')
          - (select count(*) from outbox_events where type = 'seat.deactivated') as told from licenses`),
    );
    const [{ counted, living, told }] = rows as [{ counted: number; living: number; told: string }];
    expect([living, Number(told)]).toEqual([counted, counted]);
    expect(counted).toBeGreaterThan(0);
  });
});

if (!process.env.TEST_REDIS_URL) console.warn('No redis-server on this machine: what happens when Redis is away is not tested.');
const withRedis = process.env.TEST_REDIS_URL || process.env.REQUIRE_REDIS ? describe : describe.skip;

withRedis('When Redis', () => {
  let redis: { readonly child: ChildProcess; readonly port: number };
  let service: ServiceProcess;
  beforeAll(async () => {
    redis = await startRedis(await freePort());
    service = await spawnService(runtimeUrl(database), { REDIS_URL: `redis://127.0.0.1:${redis.port}` });
  });
  afterAll(async () => {
    redis.child.kill('SIGCONT');
    redis.child.kill('SIGKILL');
    await service.stop();
  });

  const cache = async () => ok(await service.call({ path: '/health/cache' })).status as string;
  const isOk = () => until(async () => (await cache()) === 'ok', 5000);
  const timed = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const worksWithout = async (instance: string) => {
    const ready = await service.call({ path: '/ready' });
    expect(ready).toMatchObject({ status: 200, body: { status: 'ready', cache: 'degraded' } });
    expect((await activate(service, instance)).status).toBe(201);
    expect(ok(await service.call({ path: '/v1/licenses/verify', body: seat(instance) }))).toMatchObject({ valid: true });
    expect(service.child.exitCode).toBeNull();
  };

  it('is there, it is said to be', async () => {
    await isOk();
  });

  it('freezes, that is found out within 350 ms and the service works without, and with it again once it thaws', async () => {
    redis.child.kill('SIGSTOP');
    const asked = [];
    for (let i = 0; i < 3; i += 1) asked.push(await timed(async () => expect(await cache()).toBe('degraded')));
    expect(Math.min(...asked)).toBeLessThan(350);
    await worksWithout('while frozen');
    redis.child.kill('SIGCONT');
    await isOk();
  });

  it('dies, the service works without, and with it again once it is back', async () => {
    redis.child.kill('SIGKILL');
    await once(redis.child, 'exit');
    expect(await cache()).toBe('degraded');
    await worksWithout('while dead');
    redis = await startRedis(redis.port);
    await isOk();
  });
});

async function startRedis(port: number) {
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']);
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('Ready to accept')) break;
  child.stdout.resume();
  return { child, port };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
