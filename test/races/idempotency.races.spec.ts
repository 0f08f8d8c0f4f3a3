import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { parsePublicId } from '../../libs/kernel/id';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl } from '../../libs/testing/database';
import type { Answer, Call, TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld } from '../../libs/testing/world';
import { secrets, type ServiceProcess, spawnService } from '../fixtures/processes';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(60_000);

/** All over one database, and none of them knows what the others are doing. */
describe('One Idempotency-Key, sent to three processes at once,', () => {
  let database: string;
  let owner: Client;
  let service: Awaited<ReturnType<typeof serviceOver>>;
  let processes: ServiceProcess[] = [];
  let world: BrandWorld;
  const spawned: ServiceProcess[] = [];
  const spawn = async () => {
    const one = await spawnService(runtimeUrl(database), { BACKGROUND_WORK: 'false' });
    spawned.push(one);
    return one;
  };
  beforeAll(async () => {
    database = await freshDatabase();
    owner = new Client({ connectionString: ownerUrl(database) });
    await owner.connect();
    service = await serviceOver(runtimeUrl(database), { ...secrets, BACKGROUND_WORK: 'false' });
    processes = await Promise.all([1, 2, 3].map(spawn));
  });
  beforeEach(async () => {
    world = await createBrandWorld(service as unknown as TestService);
  });
  afterEach(() => owner.query('rollback'));
  afterAll(async () => {
    spawned.forEach(({ child }) => child.kill('SIGKILL'));
    await service.stop();
    await owner.end();
    await dropDatabase(database);
  });

  const count = async (table: string) =>
    (await owner.query<{ count: number }>(`select count(*)::int as count from ${table}`)).rows[0]!.count;
  /** What a request leaves behind, and nothing else does while it is under way. */
  const traces = async () => {
    const tables = ['brands', 'api_keys', 'license_keys', 'licenses', 'outbox_events', 'idempotency_keys'];
    const all: Record<string, number> = {};
    for (const table of tables) all[table] = await count(table);
    return all;
  };
  let keys = 0;
  const keyed = (call: Call): Call => ({ ...call, headers: { 'idempotency-key': `key-${++keys}` } });
  let turn = 0;
  const next = () => processes[turn++ % processes.length]!;

  /** As a client does: one that is told to come back does so, with the same request. */
  async function untilAnswered(call: Call): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      const answer = await next()
        .call(call)
        .catch(() => null);
      if (answer && answer.status !== 503 && answer.body.code !== 'idempotency_in_flight') return answer;
      if (tries === 50) throw new Error(`No answer after ${tries} tries`);
      await sleep(100);
    }
  }
  const told = ({ status, text }: Answer) => `${status} ${text}`;

  let brands = 0;
  const renew = (): Call => ({
    method: 'PATCH',
    path: `/v1/licenses/${world.licenseId}/renew`,
    key: world.key,
    body: { extend_days: 30 },
  });
  const provision = (): Call => ({
    path: `/v1/brands/${world.slug}/licenses`,
    key: world.key,
    body: { customer_email: 'john@example.com', licenses: [{ product_code: world.product }] },
  });
  const createBrand = (): Call => ({
    path: '/v1/brands',
    key: service.internalKey,
    body: { slug: `raced-${++brands}`, name: 'Raced', key_prefix: `RACED${brands}` },
  });
  const operations: [string, () => Call, Record<string, number>][] = [
    ['provisionLicenses', provision, { license_keys: 1, licenses: 1, outbox_events: 2 }],
    ['createBrand', createBrand, { brands: 1, outbox_events: 1 }],
    [
      'issueApiKey',
      () => ({ path: `/v1/brands/${world.slug}/api-keys`, key: world.key, body: { name: 'shop' } }),
      { api_keys: 1, outbox_events: 1 },
    ],
    ['renewLicense', renew, { outbox_events: 1 }],
    [
      'updateLicense',
      () => ({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, key: world.key, body: { seat_limit: 9 } }),
      { outbox_events: 1 },
    ],
    ['a refusal', () => ({ ...renew(), body: { expires_at: '2001-01-01T00:00:00Z' } }), {}],
  ];

  it.each(operations)('gives %s its effect once, and everybody the same answer', async (_, make, effect) => {
    const [call, before] = [keyed(make()), await traces()];
    const answers = await Promise.all(Array.from({ length: 50 }, () => next().call(call)));
    const inFlight = answers.filter(({ body }) => body.code === 'idempotency_in_flight');
    const answered = answers.filter((answer) => !inFlight.includes(answer));
    expect(inFlight.filter(({ status, headers }) => status !== 409 || headers.get('retry-after') !== '1')).toEqual([]);
    expect(answered.filter(({ status }) => status >= 500).map(told)).toEqual([]);
    expect(answered.filter(({ headers }) => headers.get('idempotent-replayed') !== 'true')).toHaveLength(1);

    const last = await Promise.all(Array.from({ length: 50 }, () => untilAnswered(call)));
    expect(new Set([...answered, ...last].map(told)).size).toBe(1);
    const expected: Record<string, number> = { idempotency_keys: 1, ...effect };
    expect(await traces()).toEqual(Object.fromEntries(Object.entries(before).map(([name, had]) => [name, had + (expected[name] ?? 0)])));
  });

  it('keeps every promise while many keys are sent many times each', async () => {
    const calls = Array.from({ length: 20 }, () => keyed(provision()));
    const before = await count('license_keys');
    const answers = await Promise.all(calls.flatMap((call) => [1, 2, 3, 4].map(() => untilAnswered(call))));
    expect(answers.filter(({ status }) => status !== 201).map(told)).toEqual([]);
    expect(new Set(answers.map(told)).size).toBe(calls.length);
    expect((await count('license_keys')) - before).toBe(calls.length);
  });

  it('has one effect when the client hangs up before the answer comes', async () => {
    const before = await traces();
    const calls = Array.from({ length: 10 }, () => keyed(provision()));
    await Promise.all(calls.map((call, i) => hangUp(next().url, call, i * 3)));
    const answers = await Promise.all(calls.map(untilAnswered));
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
    const after = await traces();
    expect([after.license_keys! - before.license_keys!, after.idempotency_keys! - before.idempotency_keys!]).toEqual([10, 10]);
  });

  it('has one effect when its process is killed in the middle', async () => {
    const doomed = await spawn();
    await owner.query('begin');
    await owner.query('select from licenses where id = $1 for update', [parsePublicId('license', world.licenseId)]);
    const [call, before] = [keyed(renew()), await count('outbox_events')];
    const lost = doomed.call(call).then(told, () => 'lost');
    await sleep(300);
    expect((await next().call(call)).body.code).toBe('idempotency_in_flight');
    doomed.child.kill('SIGKILL');
    expect(await lost).toBe('lost');
    await owner.query('commit');
    expect((await untilAnswered(call)).status).toBe(200);
    expect(await count('outbox_events')).toBe(before + 1);
  });

  it('has one effect whenever its process is killed, before the commit or after it', async () => {
    const before = await count('license_keys');
    let calls = 0;
    for (let round = 0; round < 3; round += 1) {
      const doomed = await spawn();
      const some = Array.from({ length: 12 }, () => keyed(provision()));
      const lost = some.map((call, i) => sleep(i * 4).then(() => doomed.call(call)));
      await sleep(15 + round * 12);
      doomed.child.kill('SIGKILL');
      await Promise.allSettled(lost);
      const answers = await Promise.all(some.map(untilAnswered));
      expect(answers.filter(({ status }) => status !== 201).map(told)).toEqual([]);
      calls += some.length;
    }
    expect((await count('license_keys')) - before).toBe(calls);
  });
});

/** Sends the request whole, and is gone before anything can be answered. */
function hangUp(url: string, { path, key, body, headers }: Call, afterMs: number): Promise<void> {
  return new Promise((gone) => {
    const all = { ...headers, 'x-api-key': key!, 'content-type': 'application/json' };
    const request = httpRequest(url + path, { method: 'POST', headers: all, agent: false });
    request.on('error', () => undefined).on('close', gone);
    request.end(JSON.stringify(body), () => setTimeout(() => request.destroy(), afterMs));
  });
}
