import { readFileSync } from 'node:fs';
import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { DataSource } from 'typeorm';
import { Database } from '../../libs/persistence/database';
import { Metrics } from '../../libs/telemetry/metrics';
import { dropDatabase, freshDatabase, runtimeUrl } from '../../libs/testing/database';
import { callOn, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { allBrands } from '../../src/identity';
import { secrets } from '../fixtures/processes';
import { expressionsIn, unknownIn } from '../fixtures/promql';
import { Scrape } from '../fixtures/scrape';
import { freePort } from '../fixtures/servers';
import { serviceOver } from '../fixtures/services';
import { expectProblem } from './contract';

interface Panel {
  readonly type: string;
  readonly description?: string;
  readonly targets?: { readonly expr: string }[];
}

/** Time for the numbers that are kept for some seconds: they are asked for anew. */
let skew = 0;
const moment = performance.now.bind(performance);
beforeAll(() => void jest.spyOn(performance, 'now').mockImplementation(() => moment() + skew));
afterAll(() => void jest.restoreAllMocks());

type Called = Pick<TestService, 'call'>;
async function scrapeOf(service: Called): Promise<Scrape> {
  skew += 10_000;
  return scrapeAgain(service);
}
async function scrapeAgain(service: Called): Promise<Scrape> {
  const answer = await service.call({ path: '/metrics' });
  ok(answer);
  return new Scrape(answer.text);
}

describe('GET /metrics', () => {
  let service: TestService;
  let world: BrandWorld;
  beforeAll(async () => {
    service = await startTestService({ WEBHOOKS_ALLOW_PRIVATE: 'true' });
    world = await createBrandWorld(service, { seats: 2 });
  });
  afterAll(() => service.stop());
  const scrape = () => scrapeOf(service);
  const requests = (scrape: Scrape, route: string, method: string, status: number) =>
    scrape.value('latchkey_http_requests_total', { route, method, status: String(status) }) ?? 0;

  it('answers in the text format of Prometheus, and explains every name', async () => {
    const { headers, text } = await service.call({ path: '/metrics' });
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const { rest, samples, help, types } = new Scrape(text);
    expect(rest).toEqual([]);
    expect(samples.length).toBeGreaterThan(100);
    expect([...types.keys()].filter((name) => (help.get(name) ?? '').length < 15)).toEqual([]);
    expect([...types.keys()].filter((name) => !/^(latchkey|process|nodejs)_/.test(name))).toEqual([]);
    for (const name of [
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_heap_size_used_bytes',
      'nodejs_gc_duration_seconds',
    ])
      expect(types.has(name)).toBe(true);
  });

  it('says what runs', async () => {
    expect((await scrape()).all('latchkey_build_info')).toEqual([
      { name: 'latchkey_build_info', labels: { version: expect.stringMatching(/^\d+\.\d+\.\d+/), node: process.version }, value: 1 },
    ]);
  });

  it('counts requests by route, method and status', async () => {
    const before = await scrape();
    for (let i = 0; i < 3; i++) ok(await world.ask('verify'));
    await world.ask('verify', { instance_id: 7 });
    await world.call({ path: `/v1/licenses/${world.licenseId}` });
    await service.call({ path: `/v1/licenses/${world.licenseId}` });
    await service.call({ path: '/v1/no-such-route' });
    await service.call({ method: 'PROPFIND', path: '/v1/no-such-route' });
    const after = await scrape();
    const more = (...which: [string, string, number]) => requests(after, ...which) - requests(before, ...which);
    expect(more('/v1/licenses/verify', 'POST', 200)).toBe(3);
    expect(more('/v1/licenses/verify', 'POST', 400)).toBe(1);
    expect(more('/v1/licenses/:license', 'GET', 200)).toBe(1);
    expect(more('/v1/licenses/:license', 'GET', 401)).toBe(1);
    expect(more('none', 'GET', 404)).toBe(1);
    expect(more('none', 'other', 404)).toBe(1);
    // Once: another scrape tells the same.
    expect(requests(await scrape(), '/v1/licenses/verify', 'POST', 200)).toBe(requests(after, '/v1/licenses/verify', 'POST', 200));
  });

  it('tells how long they took', async () => {
    const before = await scrape();
    for (let i = 0; i < 5; i++) ok(await world.ask('verify'));
    const after = await scrape();
    const verify = { route: '/v1/licenses/verify', method: 'POST' };
    const more = (name: string, labels = {}) =>
      after.value(`latchkey_http_request_duration_seconds_${name}`, { ...verify, ...labels })! -
      (before.value(`latchkey_http_request_duration_seconds_${name}`, { ...verify, ...labels }) ?? 0);
    expect([more('count'), more('bucket', { le: '+Inf' }), more('bucket', { le: '5' })]).toEqual([5, 5, 5]);
    // Of one process with its database beside it: some milliseconds, and never nothing.
    expect(more('sum')).toBeGreaterThan(0.000_5);
    expect(more('sum')).toBeLessThan(5);
  });

  it('counts verdicts by their code, in either form', async () => {
    const before = await scrape();
    await world.ask('verify', { instance_id: undefined });
    await world.ask('verify', { instance_id: 'nobody' });
    await world.ask('verify', { product_code: 'another' });
    for (const license_key of ['no key', 'NOBODY-AAAAA']) await world.ask('verify', { license_key });
    ok(await service.call({ path: `/v1/licenses/${world.licenseKey}` }));
    const after = await scrape();
    const more = (code: string) =>
      (after.value('latchkey_verdicts_total', { code }) ?? 0) - (before.value('latchkey_verdicts_total', { code }) ?? 0);
    expect(['valid', 'not_activated', 'product_mismatch', 'not_found'].map(more)).toEqual([2, 1, 1, 2]);
  });

  it('names no brand, no customer, no key and no path', async () => {
    ok(await world.ask('activate'));
    await service.call({ path: '/v1/a-path-that-somebody-made-up' });
    ok(await service.call({ path: `/v1/licenses/${world.licenseKey}` }));
    ok(await world.call({ path: `/v1/brands/${world.slug}/products/${world.productId}` }));
    const { text } = await scrape();
    const { slug, brandId, key, keyId, product, productId, licenseKey, licenseId, email } = world;
    const secret = [slug, brandId, key, keyId, `"${product}"`, productId, licenseKey, licenseId, email, 'made-up'];
    expect(secret.filter((one) => text.includes(one))).toEqual([]);
  });

  it('tells of the connections', async () => {
    const db = service.app.get(Database);
    const pool = (scrape: Scrape) => ['idle', 'busy', 'waiting'].map((state) => scrape.value('latchkey_db_connections', { state })!);
    const busy = await Promise.all([0, 1].map(() => held(db)));
    const [, during] = pool(await scrape());
    busy.forEach((release) => release());
    await db.beforeBrand('select 1');
    const [idle, after, waiting] = pool(await scrape());
    expect([during! - after!, waiting]).toEqual([2, 0]);
    expect(idle).toBeGreaterThanOrEqual(2);
    // Eleven ask for ten.
    const most = (service.app.get(DataSource).options as { poolSize: number }).poolSize;
    const asked = Array.from({ length: most + 1 }, () => held(db));
    const first = await Promise.all(asked.slice(0, most));
    const starved = await scrape();
    expect(pool(starved)).toEqual([0, most, 2]);
    expect(starved.value('latchkey_database_up')).toBe(0);
    first.forEach((release) => release());
    (await asked[most]!)();
  });

  it('tells how far the events are behind, and what was set aside', async () => {
    const { owner } = service;
    const number = async (sql: string) => Number((await owner.query<{ n: string }>(`select (${sql}) as n`)).rows[0]!.n);
    const lag = (scrape: Scrape) => [
      scrape.value('latchkey_events_unnumbered'),
      scrape.value('latchkey_events_behind', { outlet: 'subscribers' }),
      scrape.value('latchkey_events_set_aside'),
    ];
    const all = await number('select count(*) from outbox_events');
    expect(all).toBeGreaterThan(3);
    await owner.query(`update outbox_events set occurred_at = now() - interval '1 hour'`);
    const before = await scrape();
    expect(lag(before)).toEqual([all, 0, 0]);
    expect(before.value('latchkey_events_unnumbered_oldest_seconds')! / 3600).toBeCloseTo(1, 1);
    await service.settle('event log');
    expect(lag(await scrape())).toEqual([0, all, 0]);
    await service.settle('events to subscribers');
    await owner.query(`insert into event_set_asides (brand_id, outlet, event_id, error, attempts, set_aside_at)
      select brand_id, 'subscribers', id, 'x', 10, now() from outbox_events limit 2`);
    const after = await scrape();
    expect(lag(after)).toEqual([0, 0, 2]);
    expect(after.value('latchkey_events_unnumbered_oldest_seconds')).toBe(0);
    await owner.query('update event_set_asides set resolved_at = now()');
    expect(lag(await scrape())).toEqual([0, 0, 0]);
  });

  it('tells what waits to be sent, and since when, apart from what a receiver holds up itself', async () => {
    const { owner } = service;
    const hook = { url: 'http://127.0.0.1:1/hook', event_types: ['license.*'] };
    ok(await world.call({ path: `/v1/brands/${world.slug}/webhook-endpoints`, body: hook }));
    ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { seat_limit: 9 } }));
    await service.settle('event log');
    await service.settle('events to subscribers');
    await owner.query(`update webhook_deliveries set next_attempt_at = now() - interval '10 minutes'`);
    const webhooks = (scrape: Scrape) => [
      scrape.value('latchkey_webhook_deliveries_waiting'),
      Math.round(scrape.value('latchkey_webhook_oldest_due_seconds')! / 60),
    ];
    expect(webhooks(await scrape())).toEqual([1, 10]);
    await owner.query('update webhook_endpoints set failing_since = now()');
    expect(webhooks(await scrape())).toEqual([1, 0]);
    await owner.query(`update webhook_endpoints set failing_since = null, status = 'disabled'`);
    expect(webhooks(await scrape())).toEqual([1, 0]);
  });

  it('tells how much of the audit log is not sealed', async () => {
    const { rows } = await service.owner.query<{ n: number }>('select count(*)::int as n from audit_seals where sequence is null');
    expect(rows[0]!.n).toBeGreaterThan(0);
    expect((await scrape()).value('latchkey_audit_unsealed')).toBe(rows[0]!.n);
    await service.settle('audit sealer');
    expect((await scrape()).value('latchkey_audit_unsealed')).toBe(0);
  });

  it('asks the database once for all that scrape within a few seconds', async () => {
    const unnumbered = (scrape: Scrape) => scrape.value('latchkey_events_unnumbered')!;
    const asked = jest.spyOn(service.app.get(Database), 'beforeBrand');
    const told = (await Promise.all([scrape(), scrapeAgain(service), scrapeAgain(service)])).map(unnumbered);
    ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { seat_limit: 10 } }));
    told.push(unnumbered(await scrapeAgain(service)));
    expect(new Set(told).size).toBe(1);
    expect(asked.mock.calls.filter(([sql]) => sql === 'select 1')).toHaveLength(1);
    asked.mockRestore();
    expect(unnumbered(await scrape())).toBe(told[0]! + 1);
  });

  describe('is what the files in ops ask for:', () => {
    const rules = readFileSync('ops/alerts.yml', 'utf8');
    const alerts = rules.split(/^ {6}- (?=alert: )/m).slice(1);
    const { panels } = JSON.parse(readFileSync('ops/grafana-dashboard.json', 'utf8')) as { panels: Panel[] };
    let told: Scrape;
    beforeAll(async () => {
      for (const question of ['activate', 'verify', 'deactivate'] as const) ok(await world.ask(question));
      // Something of everything that has labels.
      service.app.get(Metrics).batch('a test', 2);
      for (let i = 0; (told = await scrape()).all('nodejs_gc_duration_seconds_sum').length === 0 && i < 100; i++)
        new Array(1e6).fill(i).map(String);
    });

    it('the alerts', () => {
      expect(expressionsIn(rules)).toHaveLength(alerts.length);
      expect(expressionsIn(rules).flatMap((expression) => unknownIn(expression, told))).toEqual([]);
    });

    it('the panels of the dashboard', () => {
      const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
      expect(expressions.length).toBeGreaterThan(25);
      expect(expressions.flatMap((expression) => unknownIn(expression, told))).toEqual([]);
    });

    it.each([
      ['a metric that is misspelt', 'rate(latchkey_verdict_total[5m])', ['latchkey_verdict_total']],
      ['a sum of what has none', 'latchkey_verdicts_total_sum > 1', ['latchkey_verdicts_total_sum']],
      ['a label that is misspelt', 'latchkey_db_connections{stat="idle"}', ['latchkey_db_connections{stat="idle"}']],
      ['a value that no label has', 'latchkey_db_connections{state="wait"}', ['latchkey_db_connections{state="wait"}']],
      ['a group that nothing has', 'sum by (kode, job) (latchkey_verdicts_total)', ['by (kode)']],
      ['nothing', 'sum by (code, job) (rate(latchkey_verdicts_total{job="x", code="valid"}[5m])) > 1e3', []],
    ])('where %s would be found', (_, expression, found) => expect(unknownIn(expression, told)).toEqual(found));

    it('and each panel and each alert says what it means', () => {
      expect(panels.filter(({ type, description = '' }) => type !== 'row' && description.length < 20)).toEqual([]);
      const needs = ['summary', 'description', 'action'];
      expect(alerts.filter((alert) => needs.some((need) => !new RegExp(`^ +${need}: .{20,}$`, 'm').test(alert)))).toEqual([]);
      const names = alerts.map((alert) => /^alert: (\w+)/.exec(alert)![1]!);
      const readme = readFileSync('ops/README.md', 'utf8');
      expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
    });
  });

  it('keeps the counts of each application apart', async () => {
    const other = await startTestService();
    try {
      expect((await scrapeOf(other)).all('latchkey_http_requests_total')).toEqual([]);
      expect(requests(await scrape(), '/v1/licenses/verify', 'POST', 200)).toBeGreaterThan(0);
    } finally {
      await other.stop();
    }
  });
});

describe('Where strangers could read it', () => {
  const production = { NODE_ENV: 'production', HOST: '127.0.0.1', DATABASE_URL: 'postgres://somebody@somewhere/else', ...secrets };
  const started: TestService[] = [];
  const start = async (environment: Record<string, string>) => {
    const service = await startTestService(environment);
    started.push(service);
    return service;
  };
  afterAll(() => Promise.all(started.map((service) => service.stop())));

  it('there is no /metrics in production, while there is /health', async () => {
    const service = await start(production);
    expectProblem(await service.call({ path: '/metrics' }), 404, 'route_not_found');
    expect((await service.call({ path: '/health' })).status).toBe(200);
  });

  it('it is on the private port only, where there is one', async () => {
    const port = await freePort();
    const service = await start({ ...production, PRIVATE_PORT: String(port) });
    expectProblem(await service.call({ path: '/metrics' }), 404, 'route_not_found');
    const privately = await callOn(`http://127.0.0.1:${port}`, { path: '/metrics' });
    expect(new Scrape(privately.text).value('latchkey_database_up')).toBe(1);
  });
});

describe('Whether Redis answers', () => {
  const told = async (environment: Record<string, string>) => {
    const service = await startTestService(environment);
    try {
      return (await scrapeOf(service)).value('latchkey_cache_up');
    } finally {
      await service.stop();
    }
  };
  const redis = process.env.TEST_REDIS_URL;

  it('is not told where there is none', async () => expect(await told({})).toBeUndefined());
  it('is told where it is away', async () => expect(await told({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` })).toBe(0));
  (redis ? it : it.skip)('is told where it is there', async () => expect(await told({ REDIS_URL: redis! })).toBe(1));
});

describe('While PostgreSQL', () => {
  let database: string;
  let way: Awaited<ReturnType<typeof wayTo>>;
  let service: Awaited<ReturnType<typeof serviceOver>>;
  beforeAll(async () => {
    database = await freshDatabase();
    way = await wayTo(runtimeUrl(database));
    service = await serviceOver(way.url, { BACKGROUND_WORK: 'false' });
  });
  afterAll(async () => {
    way.open();
    await service.stop();
    await way.close();
    await dropDatabase(database);
  });

  async function expectOnlyOurOwn(): Promise<void> {
    const begun = moment();
    const scrape = await scrapeOf(service);
    expect(moment() - begun).toBeLessThan(2_500);
    expect(scrape.value('latchkey_database_up')).toBe(0);
    expect(scrape.value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
    expect(scrape.value('latchkey_http_requests_total', { route: '/metrics' })).toBeGreaterThan(0);
    expect(scrape.value('latchkey_db_connections', { state: 'waiting' })).toBeDefined();
    // An old number would pass for a new one.
    expect(scrape.value('latchkey_events_unnumbered')).toBeUndefined();
    expect(scrape.value('latchkey_events_behind')).toBeUndefined();
  }
  async function expectAll(): Promise<void> {
    for (const deadline = moment() + 8_000; (await scrapeOf(service)).value('latchkey_audit_unsealed') === undefined;)
      if (moment() > deadline) throw new Error('PostgreSQL is back, and the scrape does not see it');
    const scrape = await scrapeOf(service);
    expect(scrape.value('latchkey_database_up')).toBe(1);
    expect(scrape.value('latchkey_events_unnumbered')).toBeGreaterThan(0);
  }

  it('stands still, the process tells of itself, and of all once that goes on', async () => {
    await expectAll();
    way.freeze();
    await expectOnlyOurOwn();
    await expectOnlyOurOwn();
    way.open();
    await expectAll();
  }, 20_000);

  it('is gone, too', async () => {
    way.cut();
    await expectOnlyOurOwn();
    way.open();
    await expectAll();
  }, 20_000);
});

/** Keeps a connection busy; the answer lets go of it. */
async function held(db: Database): Promise<() => void> {
  let release = (): void => undefined;
  const over = new Promise<void>((resolve) => (release = resolve));
  await new Promise<void>((taken, failed) => {
    db.run(allBrands, () => (taken(), over)).catch(failed);
  });
  return release;
}

/** The way to a server, on which nothing may come through. */
async function wayTo(databaseUrl: string) {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let state: 'open' | 'frozen' | 'cut' = 'open';
  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('data', (part) => void other.write(part));
      one.on('error', () => undefined).on('close', () => (sockets.delete(one), other.destroy()));
      if (state === 'frozen') one.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    freeze: () => ((state = 'frozen'), sockets.forEach((socket) => socket.pause())),
    cut: () => ((state = 'cut'), sockets.forEach((socket) => socket.destroy())),
    open: () => ((state = 'open'), sockets.forEach((socket) => socket.resume())),
    close: () => new Promise<void>((resolve) => (sockets.forEach((socket) => socket.destroy()), server.close(() => resolve()))),
  };
}
