import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../libs/kernel/id';
import { isSwitchedOn } from '../../libs/telemetry/open-tracing';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl } from '../../libs/testing/database';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { NatsTransport, stream } from '../../src/events/adapters/nats-transport';
import { acme, noon } from '../fixtures/aggregates';
import { secrets, type ServiceProcess, spawnService } from '../fixtures/processes';
import { startReceiver, type TestReceiver } from '../fixtures/receiver';
import { hasNats, Nats } from '../fixtures/servers';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(60_000);

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const hookTo = (receiver: TestReceiver) => ({ url: receiver.url('/hook'), event_types: ['license.updated'] });
let seats = 5;
const update = (world: BrandWorld, headers: Record<string, string>) => ({
  method: 'PATCH',
  path: `/v1/licenses/${world.licenseId}`,
  key: world.key,
  body: { seat_limit: ++seats },
  headers,
});

describe('The trace of a caller', () => {
  let service: TestService;
  let world: BrandWorld;
  let receiver: TestReceiver;
  beforeAll(async () => {
    [service, receiver] = [await startTestService({ WEBHOOKS_ALLOW_PRIVATE: 'true' }), await startReceiver()];
    world = await createBrandWorld(service);
    ok(await world.call({ path: `/v1/brands/${world.slug}/webhook-endpoints`, body: hookTo(receiver) }));
    await service.settle();
  });
  afterAll(async () => {
    await service.stop();
    await receiver.close();
  });

  /** What a change under that header leaves in the log, in the outbox and with the receiver. */
  async function leaves(headers: Record<string, string>) {
    const answer = await service.call(update(world, headers));
    ok(answer);
    await service.settle('event log');
    await service.settle('events to subscribers');
    await service.settle('webhooks');
    const id = answer.headers.get('x-request-id');
    const { rows } = await service.owner.query<{ traceparent: string | null }>(
      'select traceparent from outbox_events where request_id = $1',
      [id],
    );
    const lines = service.logged.map((line) => JSON.parse(line)).filter((line) => line.msg === 'request' && line.request_id === id);
    return {
      log: lines.map((line) => line.trace_id as string),
      outbox: rows.map((row) => row.traceparent),
      webhook: receiver.heard.splice(0).map((message) => message.headers.traceparent),
    };
  }

  it('goes on to the log, to its events and to the receivers of its webhooks, as it came', async () => {
    expect(await leaves({ traceparent, tracestate: 'vendor=1' })).toEqual({
      log: [traceId],
      outbox: [traceparent],
      webhook: [traceparent],
    });
  });

  it.each([
    ['there is none', undefined],
    ['it cannot be read', `00-${traceId}-00f067aa0ba902b7-1`],
    ['it is nobody’s', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
  ])('is begun for the log alone where %s', async (_, given) => {
    const { log, outbox, webhook } = await leaves(given === undefined ? {} : { traceparent: given });
    expect(log).toEqual([expect.stringMatching(/^(?!0+$)[0-9a-f]{32}$/)]);
    expect([log[0] === traceId, outbox, webhook]).toEqual([false, [null], [undefined]]);
  });

  it('is in the log of what is refused, too', async () => {
    const seen = service.logged.length;
    await service.call({ path: '/v1/nothing-here', headers: { traceparent } });
    await service.call({ path: '/v1/brands', headers: { traceparent } });
    await service.call({ path: '/v1/licenses/verify', body: '{', headers: { traceparent } });
    const lines = service.logged.slice(seen).map((line) => JSON.parse(line));
    expect(lines.filter(({ msg }) => msg === 'request').map(({ status, trace_id }) => [status, trace_id])).toEqual([
      [404, traceId],
      [401, traceId],
      [400, traceId],
    ]);
  });
});

(hasNats() ? it : it.skip)('A trace goes on to NATS', async () => {
  const server = await Nats.start();
  const transport = new NatsTransport(server.url);
  const connection = await connect({ servers: server.url });
  try {
    const event = { brandId: acme, type: 'license.renewed', occurredAt: noon, data: {} };
    await transport.deliver({ ...event, id: newId(), sequence: 1, traceparent });
    await transport.deliver({ ...event, id: newId(), sequence: 2, traceparent: null });
    await (await jetstreamManager(connection)).consumers.add(stream, { durable_name: 'test' });
    const consumer = await jetstream(connection).consumers.get(stream, 'test');
    const told: (string | undefined)[] = [];
    for await (const message of await consumer.fetch({ max_messages: 2, expires: 2_000 })) told.push(message.headers?.get('traceparent'));
    expect(told).toEqual([traceparent, '']);
  } finally {
    await connection.close();
    await transport.close();
    await server.remove();
  }
});

describe('OpenTelemetry', () => {
  it.each([
    [{}, false],
    [{ OTEL_SERVICE_NAME: 'licenses' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
    [{ OTEL_TRACES_EXPORTER: 'console' }, true],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
    [{ OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  ])('is switched by its standard variables: %j', (environment: NodeJS.ProcessEnv, on) => expect(isSwitchedOn(environment)).toBe(on));

  let database: string;
  let world: BrandWorld;
  let receiver: TestReceiver;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  beforeAll(async () => {
    [database, receiver, collector] = [await freshDatabase(), await startReceiver(), await startCollector()];
    const service = await serviceOver(runtimeUrl(database), { ...secrets, BACKGROUND_WORK: 'false', WEBHOOKS_ALLOW_PRIVATE: 'true' });
    world = await createBrandWorld(service as unknown as TestService);
    ok(await world.call({ path: `/v1/brands/${world.slug}/webhook-endpoints`, body: hookTo(receiver) }));
    await service.stop();
  });
  afterAll(async () => {
    await receiver.close();
    await collector.close();
    await dropDatabase(database);
  });

  const spawned = (endpoint: string) =>
    spawnService(runtimeUrl(database), {
      NODE_ENV: 'test',
      MIGRATION_DATABASE_URL: ownerUrl(database),
      WEBHOOKS_ALLOW_PRIVATE: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
  const verify = () => ({ path: '/v1/licenses/verify', body: { license_key: world.licenseKey, product_code: world.product } });
  const traceOf = (service: ServiceProcess, id: string | null) =>
    service.output.map((line) => JSON.parse(line) as { request_id?: string; trace_id: string }).find((line) => line.request_id === id)
      ?.trace_id;

  it('gets a span for each request and each webhook, in one trace, and all of them before the end', async () => {
    const service = await spawned(collector.url);
    const own = await service.call({ ...verify(), headers: { tracestate: 'nobody=1' } });
    const refused = await service.call({ path: '/v1/no-such-path', headers: { traceparent: traceparent.replace(/1$/, '0') } });
    const changed = await service.call(update(world, { traceparent, tracestate: 'vendor=1' }));
    expect([own.status, refused.status, changed.status]).toEqual([200, 404, 200]);
    for (let tries = 0; receiver.heard.length === 0 && tries < 100; tries++) await sleep(100);
    const ownTrace = traceOf(service, own.headers.get('x-request-id'));
    await service.stop();

    const [verified] = collector.spans.filter(({ name }) => name === 'POST /v1/licenses/verify');
    expect(verified).toMatchObject({ traceId: ownTrace, kind: 2, status: { code: 0 } });
    expect([verified!.parentSpanId ?? '', verified!.traceState ?? '']).toEqual(['', '']);
    expect(attributesOf(verified!)).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/licenses/verify',
      'http.response.status_code': 200,
      'url.scheme': 'http',
    });
    expect(Number(verified!.endTimeUnixNano) - Number(verified!.startTimeUnixNano)).toBeGreaterThan(100_000);

    // The caller keeps no trace of it, so neither do we.
    expect(collector.spans.filter(({ name }) => name === 'GET')).toEqual([]);

    const [patched] = collector.spans.filter(({ name }) => name === 'PATCH /v1/licenses/:license');
    expect(patched).toMatchObject({ traceId, parentSpanId: traceparent.split('-')[2], traceState: 'vendor=1' });
    const [sent] = collector.spans.filter(({ name }) => name === 'POST webhook');
    expect(sent).toMatchObject({ traceId, parentSpanId: patched!.spanId, kind: 3, status: { code: 0 } });
    expect(receiver.heard.splice(0).map(({ headers }) => headers.traceparent)).toEqual([`00-${traceId}-${sent!.spanId}-01`]);

    expect(collector.resource).toMatchObject({ 'service.name': 'latchkey', 'service.version': expect.stringMatching(/^\d+\./) });
    expect(collector.paths).toEqual(new Set(['/v1/traces']));
    const told = JSON.stringify([collector.spans, collector.resource]);
    const secret = [world.licenseKey, world.key, world.slug, world.licenseId, world.email, 'no-such-path', '/hook'];
    expect(secret.filter((one) => told.includes(one))).toEqual([]);
  });

  it('holds up nothing when nobody takes its spans', async () => {
    const silent = await startCollector(() => undefined);
    const service = await spawned(silent.url);
    try {
      for (let i = 0; i < 20; i++) expect((await service.call(verify())).status).toBe(200);
      const begun = performance.now();
      await service.stop();
      expect([service.child.exitCode, performance.now() - begun < 6_000]).toEqual([0, true]);
      expect(silent.paths.size).toBe(1);
    } finally {
      await silent.close();
    }
  });

  it('is not loaded when it is off', () => {
    const program = `
      require('./dist/src/service');
      const { openTracing } = require('./dist/libs/telemetry/open-tracing');
      const loaded = () => Object.keys(require.cache).filter((file) => file.includes('@opentelemetry/sdk')).length;
      (async () => {
        const counts = [];
        for (const environment of [{}, { OTEL_TRACES_EXPORTER: 'none' }, { OTEL_TRACES_EXPORTER: 'console' }]) {
          await openTracing(environment);
          counts.push(loaded());
        }
        console.log(JSON.stringify(counts));
        process.exit();
      })()`;
    const [off, none, on] = JSON.parse(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }));
    expect([off, none]).toEqual([0, 0]);
    expect(on).toBeGreaterThan(10);
  });
});

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}
interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number };
  readonly attributes: Attribute[];
}
const attributesOf = ({ attributes }: { attributes: Attribute[] }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));

/** Takes spans over OTLP/HTTP in JSON. @param answer what it does once it has read them */
async function startCollector(answer = (end: () => void): void => end()) {
  const spans: Span[] = [];
  const paths = new Set<string>();
  const resource: Record<string, unknown> = {};
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      paths.add(request.url!);
      for (const one of JSON.parse(Buffer.concat(parts).toString()).resourceSpans) {
        Object.assign(resource, attributesOf(one.resource));
        for (const scope of one.scopeSpans) spans.push(...scope.spans);
      }
      answer(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    spans,
    paths,
    resource,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => (server.closeAllConnections(), new Promise<void>((resolve) => server.close(() => resolve()))),
  };
}
