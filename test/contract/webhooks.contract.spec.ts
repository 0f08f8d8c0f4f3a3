import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { getEventListeners, setMaxListeners } from 'node:events';
import { EntityManager } from 'typeorm';
import type { BrandId } from '../../libs/kernel/brand-id';
import { secondsAfter } from '../../libs/kernel/clock';
import { newId } from '../../libs/kernel/id';
import { Vault } from '../../libs/vault/vault';
import { allBrands } from '../../src/identity';
import { AddressNotAllowed, guarded } from '../../src/webhooks/adapters/guarded-connector';
import { HttpReceiver } from '../../src/webhooks/adapters/http-receiver';
import { PostgresPastEvents } from '../../src/webhooks/adapters/postgres-past-events';
import { SealedEndpointSecrets } from '../../src/webhooks/adapters/sealed-endpoint-secrets';
import type { DeliveryState } from '../../src/webhooks/domain/delivery';
import type { EndpointState } from '../../src/webhooks/domain/endpoint';
import { Deliveries } from '../../src/webhooks/ports/deliveries';
import { EndpointSecrets } from '../../src/webhooks/ports/endpoint-secrets';
import { PastEvents } from '../../src/webhooks/ports/past-events';
import { Receiver } from '../../src/webhooks/ports/receiver';
import { WebhookEndpoints } from '../../src/webhooks/ports/webhook-endpoints';
import { aDelivery, anEndpoint, inDays, noon } from '../fixtures/aggregates';
import { type House, postgresHouse } from '../fixtures/houses';
import { saying, startReceiver, type TestReceiver } from '../fixtures/receiver';
import { aTenant, contractOf } from './contract';

async function endpointIn(house: House, part: Partial<EndpointState>) {
  const endpoint = anEndpoint(part);
  await house.work.run(endpoint.state.brandId, () => house.endpoints.save(endpoint));
  return endpoint.state;
}

contractOf(WebhookEndpoints, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const held = (id: string, reach = brandId) =>
    house().work.run(reach, async () => (await house().endpoints.hold(reach, id))?.state ?? null);
  const listening = (patterns: string[], reach = brandId) => house().work.run(reach, () => house().endpoints.listening(reach, patterns));

  it('gives back what was saved, and keeps a change', async () => {
    const saved = await endpointIn(house(), {
      brandId,
      description: 'CRM',
      previousSecret: Buffer.from('old'),
      previousUntil: inDays(1),
      failingSince: noon,
    });
    expect(await held(saved.id)).toEqual(saved);
    await house().work.run(brandId, async () => {
      const endpoint = (await house().endpoints.hold(brandId, saved.id))!;
      endpoint.update({ status: 'disabled' }, inDays(1));
      await house().endpoints.save(endpoint);
    });
    expect(await held(saved.id)).toMatchObject({ status: 'disabled', disabledReason: 'requested', version: 2 });
  });

  it('has none that is not there, of another brand, or deleted', async () => {
    const saved = await endpointIn(house(), { brandId });
    const deleted = await endpointIn(house(), { brandId, status: 'disabled', deletedAt: noon, secret: null });
    expect(await held(newId())).toBeNull();
    expect(await held(deleted.id)).toBeNull();
    expect(await held(saved.id, await aTenant(house()))).toBeNull();
    expect(await house().work.run(brandId, () => house().endpoints.count(brandId))).toBe(1);
  });

  it('names those that listen: enabled, of the brand, and letting it through', async () => {
    const all = await endpointIn(house(), { brandId, eventTypes: ['*'] });
    const some = await endpointIn(house(), { brandId, eventTypes: ['seat.*', 'license.*'] });
    await endpointIn(house(), { brandId, eventTypes: ['*'], status: 'disabled' });
    await endpointIn(house(), { brandId, eventTypes: ['*'], status: 'disabled', deletedAt: noon, secret: null });
    await endpointIn(house(), { brandId: await aTenant(house()), eventTypes: ['*'] });
    expect(await listening(['*', 'license.*', 'license.renewed'])).toEqual([all.id, some.id].sort());
    expect(await listening(['*', 'brand.*', 'brand.updated'])).toEqual([all.id]);
  });
});

contractOf(Deliveries, (house) => {
  let brandId: BrandId;
  let endpoint: EndpointState;
  beforeEach(async () => {
    brandId = await aTenant(house());
    endpoint = await endpointIn(house(), { brandId });
  });
  const add = async (part: Partial<DeliveryState> = {}) => {
    const delivery = aDelivery({ brandId, endpointId: endpoint.id, ...part });
    await house().work.run(brandId, () => house().deliveries.add([delivery]));
    return delivery.state;
  };
  const stateOf = (id: string, reach = brandId) =>
    house().work.run(reach, async () => (await house().deliveries.hold(reach, id))?.state ?? null);
  /** What is claimed of this test's brand. */
  const claim = async (at = noon, room = { working: 100, hindered: 100 }) =>
    (await house().work.run(allBrands, () => house().deliveries.claim(allBrands, room, at))).filter((one) => one.brandId === brandId);
  const ids = (some: readonly { id: string }[]) => some.map(({ id }) => id).sort();

  it('gives back what was added, to its brand alone', async () => {
    const added = await add();
    expect(await stateOf(added.id)).toEqual(added);
    expect(await stateOf(added.id, await aTenant(house()))).toBeNull();
  });

  it('brings an event to an endpoint once, however often it comes; a replay or a test comes as often as it is asked for', async () => {
    const { eventId, id } = await add();
    const again = await add({ eventId });
    expect(await stateOf(again.id)).toBeNull();
    const [replay, test] = [await add({ eventId, cause: 'replay' }), await add({ eventId, cause: 'test' })];
    expect(ids(await claim())).toEqual(ids([{ id }, replay, test]));
  });

  it('leases what is due and nothing else, to one sender for five seconds, or for as long as it says that it lives', async () => {
    const due = await add();
    await add({ nextAttemptAt: secondsAfter(noon, 1) });
    await add({ status: 'succeeded', nextAttemptAt: null, settledAt: noon });
    const [claimed, ...others] = await claim();
    expect(others).toEqual([]);
    expect(claimed).toMatchObject({ brandId, id: due.id, endpointId: endpoint.id, url: endpoint.url, hindered: false, claimedAt: noon });
    expect(claimed).toMatchObject({ secrets: [endpoint.secret], lease: expect.any(String) });
    expect(await stateOf(due.id)).toMatchObject({ lease: claimed!.lease, leasedUntil: secondsAfter(noon, 5), attempts: 0 });
    expect(ids(await claim(secondsAfter(noon, 0.5)))).toEqual([]);
    expect(ids(await claim(secondsAfter(noon, 4)))).not.toContain(due.id);
    const renew = (at: Date) => house().work.run(allBrands, () => house().deliveries.renew(allBrands, [claimed!], at));
    await renew(secondsAfter(noon, 4));
    expect(ids(await claim(secondsAfter(noon, 8)))).not.toContain(due.id);
    const [next] = (await claim(secondsAfter(noon, 9))).filter(({ id }) => id === due.id);
    await renew(secondsAfter(noon, 9));
    expect(await stateOf(due.id)).toMatchObject({ lease: next!.lease, leasedUntil: secondsAfter(noon, 14) });
  });

  it('hands over the secret before, as long as it signs', async () => {
    endpoint = await endpointIn(house(), { brandId, previousSecret: Buffer.from('old'), previousUntil: secondsAfter(noon, 60) });
    await add();
    expect(await claim(secondsAfter(noon, 59))).toMatchObject([{ secrets: [endpoint.secret, Buffer.from('old')] }]);
    expect(await claim(secondsAfter(noon, 90))).toMatchObject([{ secrets: [endpoint.secret] }]);
  });

  it('leases four of an endpoint at once, the longest due first; one if it is failing', async () => {
    const waiting = [];
    for (let i = 0; i < 6; i++) waiting.push(await add({ nextAttemptAt: secondsAfter(noon, -i) }));
    const first = await claim();
    expect(ids(first)).toEqual(ids(waiting.slice(2)));
    expect(await claim()).toEqual([]);
    await house().work.run(brandId, async () => {
      const delivery = (await house().deliveries.hold(brandId, first[0]!.id))!;
      await house().deliveries.save(delivery, delivery.answered(answered, noon, noon, 0.5));
    });
    expect(await claim()).toHaveLength(1);

    endpoint = await endpointIn(house(), { brandId, failingSince: noon });
    for (let i = 0; i < 3; i++) await add();
    expect(await claim()).toMatchObject([{ hindered: true }]);
    expect(await claim()).toEqual([]);
  });

  it('leases no more than there is room for, and gives those that fail a room of their own', async () => {
    await claim();
    for (let i = 0; i < 3; i++) await add();
    expect(await claim(noon, { working: 0, hindered: 100 })).toEqual([]);
    expect(await claim(noon, { working: 2, hindered: 0 })).toHaveLength(2);
    endpoint = await endpointIn(house(), { brandId, failingSince: noon });
    await add();
    expect(await claim(noon, { working: 0, hindered: 0 })).toEqual([]);
    expect(await claim(noon, { working: 0, hindered: 1 })).toHaveLength(1);
  });

  it('leases nothing of an endpoint that is disabled', async () => {
    endpoint = await endpointIn(house(), { brandId, status: 'disabled' });
    await add();
    expect(await claim()).toEqual([]);
  });

  it('leases nothing that was queued before its endpoint was enabled, and does not take it for what a replay asks for', async () => {
    endpoint = await endpointIn(house(), { brandId, enabledAt: noon });
    const stray = await add({ createdAt: secondsAfter(noon, -1) });
    expect(await claim()).toEqual([]);
    await house().work.run(brandId, () => house().deliveries.replay(endpoint, [{ id: stray.eventId, type: stray.eventType }], noon));
    expect(await claim()).toMatchObject([{ id: expect.not.stringContaining(stray.id), endpointId: endpoint.id }]);
  });

  it('leases four of a slow endpoint, in the room of those that are failing', async () => {
    endpoint = await endpointIn(house(), { brandId, slow: true });
    for (let i = 0; i < 5; i++) await add();
    expect(await claim(noon, { working: 100, hindered: 0 })).toEqual([]);
    const slow = await claim();
    expect(slow.map(({ hindered }) => hindered)).toEqual([true, true, true, true]);
  });

  it.each([
    ['forty of a brand at once', 'working', 40, false],
    ['twenty of a brand at once, of those that are slow,', 'hindered', 20, true],
  ] as const)('leases %s and no more, however many endpoints it has', async (_, which, most, slow) => {
    const other = await aTenant(house());
    for (let i = 0; i < 12; i++) {
      endpoint = await endpointIn(house(), { brandId, slow });
      for (let j = 0; j < 4; j++) await add();
    }
    expect(await claim(noon, { working: 25, hindered: 25 })).toHaveLength(Math.min(25, most));
    expect(await claim()).toHaveLength(most - Math.min(25, most));
    expect(await claim()).toEqual([]);
    endpoint = await endpointIn(house(), { brandId, slow: !slow });
    await add();
    expect(await claim()).toHaveLength(1);
    [brandId] = [other];
    endpoint = await endpointIn(house(), { brandId, slow });
    await add();
    expect(await claim(noon, { working: 0, hindered: 0, [which]: 1 })).toHaveLength(1);
  });

  it('tells whether more is due at an endpoint', async () => {
    const anyDue = (at = noon) => house().work.run(brandId, () => house().deliveries.anyDue(brandId, endpoint.id, at));
    await add({ nextAttemptAt: secondsAfter(noon, 1) });
    await add({ status: 'succeeded', nextAttemptAt: null, settledAt: noon });
    expect(await anyDue()).toBe(false);
    expect(await anyDue(secondsAfter(noon, 1))).toBe(true);
    await claim(secondsAfter(noon, 1));
    expect(await anyDue(secondsAfter(noon, 1))).toBe(false);
    expect(await anyDue(secondsAfter(noon, 9))).toBe(true);
  });

  it('sends again what is asked for, and brings forward what still waits', async () => {
    const later = await add({ nextAttemptAt: inDays(1) });
    const done = await add({ status: 'succeeded', nextAttemptAt: null, settledAt: noon });
    const events = [later, done].map(({ eventId, eventType }) => ({ id: eventId, type: eventType }));
    await house().work.run(brandId, () => house().deliveries.replay(endpoint, events, noon));
    expect(await stateOf(later.id)).toMatchObject({ nextAttemptAt: noon, cause: 'event' });
    const claimed = await claim();
    const replay = claimed.find(({ id }) => id !== later.id)!;
    expect(claimed).toHaveLength(2);
    expect(await stateOf(replay.id)).toMatchObject({ cause: 'replay', eventId: done.eventId, attempts: 0, createdAt: noon });
  });

  it('keeps what became of a try', async () => {
    const { id } = await add();
    await house().work.run(brandId, async () => {
      const delivery = (await house().deliveries.hold(brandId, id))!;
      await house().deliveries.save(delivery, delivery.answered(answered, noon, noon, 0.5));
    });
    expect(await stateOf(id)).toMatchObject({ status: 'succeeded', attempts: 1, settledAt: noon });
  });
});

/** A byte at a time, which never ends. */
function dribble(socket: Socket, begin: string): void {
  socket.write(begin);
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write('x')), 100);
}

const answered = { status: 200, error: null, latencyMs: 3, text: 'ok', retryAfter: null };

// Only PostgreSQL has it: the log is where the outbox is.
describe(`${PastEvents.name} in PostgreSQL`, () => {
  let house: Awaited<ReturnType<typeof postgresHouse>>;
  let past: PastEvents;
  let brandId: BrandId;
  const types = ['license.renewed', 'license_key.created', 'seat.deactivated', 'webhook_endpoint.test', 'license.provisioned'];
  const log: string[] = [];
  beforeAll(async () => {
    house = await postgresHouse();
    past = new PostgresPastEvents(house.db);
    brandId = await aTenant(house);
    await house.db.run(brandId, async () => {
      await house.db.manager.query('delete from outbox_events where brand_id = $1', [brandId]);
      for (const [index, type] of types.entries()) {
        log.push(newId());
        const row = [brandId, log[index], type, inDays(index), index === 4 ? null : index + 1];
        const sql = `insert into outbox_events (brand_id, id, type, data, occurred_at, sequence) values ($1, $2, $3, '{}', $4, $5)`;
        await house.db.manager.query(sql, row);
      }
    });
  });
  afterAll(() => house.close());
  const within = async (patterns: string[], range: { since: Date; until: Date | null }, reach = brandId, limit = 10) =>
    (await house.work.run(reach, () => past.within(reach, range, patterns, limit))).map(({ type }) => type);
  const ever = { since: noon, until: null };

  it('finds what has its place in the log, in its brand', async () => {
    const find = (id: string, reach = brandId) => house.work.run(reach, () => past.find(reach, id));
    expect(await find(log[0]!)).toEqual({ id: log[0], type: types[0] });
    expect(await find(log[4]!)).toBeNull();
    expect(await find(newId())).toBeNull();
    expect(await find(log[0]!, await aTenant(house))).toBeNull();
  });

  it('lists what a filter lets through, oldest first, and no test', async () => {
    expect(await within(['*'], ever)).toEqual(types.slice(0, 3));
    expect(await within(['license.*'], ever)).toEqual(['license.renewed']);
    expect(await within(['seat.deactivated', 'license_key.*'], ever)).toEqual(['license_key.created', 'seat.deactivated']);
    expect(await within(['license'], ever)).toEqual([]);
    expect(await within(['*'], ever, brandId, 2)).toEqual(types.slice(0, 2));
    expect(await within(['*'], ever, await aTenant(house))).toEqual([]);
  });

  it('lists a range, with its beginning and without its end', async () => {
    expect(await within(['*'], { since: inDays(1), until: inDays(2) })).toEqual(['license_key.created']);
    expect(await within(['*'], { since: secondsAfter(inDays(1), 0.001), until: null })).toEqual(['seat.deactivated']);
  });
});

describe(`${EndpointSecrets.name} in a vault`, () => {
  const secrets: EndpointSecrets = new SealedEndpointSecrets(
    new Vault({ all: [{ version: 1, secret: 'the key of the tests, long enough' }] }),
  );

  it('makes secrets of 32 bytes, never one twice, that open for their endpoint alone', () => {
    const made = Array.from({ length: 100 }, () => secrets.mint('one'));
    expect(new Set(made.map(({ text }) => text)).size).toBe(100);
    for (const { text, sealed } of made) {
      expect(Buffer.from(text.slice('whsec_'.length), 'base64')).toHaveLength(32);
      expect(sealed.includes(text.slice(6, 20))).toBe(false);
      expect(secrets.open('one', sealed)).toBe(text);
      expect(() => secrets.open('other', sealed)).toThrow('cannot be opened');
    }
  });
});

// What waits for later should not be walked through again and again.
describe(`${Deliveries.name} in PostgreSQL, when nothing is due`, () => {
  it('are looked for with one statement', async () => {
    const house = await postgresHouse();
    const brandId = await aTenant(house);
    const { id } = await endpointIn(house, { brandId });
    const add = (nextAttemptAt: Date) =>
      house.work.run(brandId, () => house.deliveries.add([aDelivery({ brandId, endpointId: id, nextAttemptAt })]));
    await add(inDays(1));
    const claim = () => house.work.run(allBrands, () => house.deliveries.claim(allBrands, { working: 1, hindered: 1 }, noon));
    const asked = jest.spyOn(EntityManager.prototype, 'query');
    try {
      expect(await claim()).toEqual([]);
      expect(asked).toHaveBeenCalledTimes(1);
      await add(noon);
      expect(await claim()).toHaveLength(1);
    } finally {
      asked.mockRestore();
      await house.close();
    }
  });
});

describe(`${Receiver.name} over HTTP`, () => {
  let other: TestReceiver;
  const never = new AbortController().signal;
  const receivers: HttpReceiver[] = [];
  const closing: (() => unknown)[] = [];
  const receiverFor = (allowsPrivate: boolean, limits: ConstructorParameters<typeof HttpReceiver>[1] = {}) => {
    const receiver = new HttpReceiver({ allowsPrivate }, limits);
    receivers.push(receiver);
    return receiver;
  };
  const send = (url: string, receiver: Receiver = receiverFor(true, { patienceMs: 500 }), signal = never) =>
    receiver.send({ url, headers: { 'x-told': 'this' }, body: '{}' }, signal);
  /** Says bytes of its own to whoever comes, and does not read what it is told. */
  async function saysRaw(saying: (socket: Socket) => void) {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined).once('data', () => saying(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const close = () => (sockets.forEach((socket) => socket.destroy()), server.close());
    closing.push(close);
    return { url: `http://127.0.0.1:${port}/`, port, sockets, close };
  }
  beforeAll(async () => {
    other = await startReceiver();
  });
  afterAll(async () => {
    await Promise.all(receivers.map((receiver) => receiver.onApplicationShutdown()));
    closing.forEach((close) => close());
    await other.close();
  });

  it('says exactly what it is told to, and hears the answer', async () => {
    other.answer('/', saying(201, { 'retry-after': '7' }, 'thanks'));
    const answer = await send(other.url('/'));
    expect(answer).toEqual({ status: 201, error: null, text: 'thanks', retryAfter: '7', latencyMs: expect.any(Number) });
    expect(other.at('/')).toMatchObject([{ body: '{}', headers: { 'x-told': 'this', connection: 'close' } }]);
  });

  it.each([301, 302, 303, 307, 308])('follows no redirect: %i', async (status) => {
    other.answer('/from', saying(status, { location: other.url('/to') }));
    expect(await send(other.url('/from'))).toMatchObject({ status });
    expect(other.at('/to')).toEqual([]);
  });

  it('reads 2 KB of an endless body, and no more', async () => {
    let closed = false;
    other.answer('/endless', (response) => {
      response.writeHead(200).on('close', () => (closed = true));
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(1_000)));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    const began = Date.now();
    expect(await send(other.url('/endless'), receiverFor(true))).toMatchObject({ status: 200, text: 'x'.repeat(2_048) });
    expect(Date.now() - began).toBeLessThan(1_500);
    while (!closed) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('does not wait for a body that hangs, nor for one that is broken off: the status has decided', async () => {
    other.answer('/hanging', (response) => void response.writeHead(200).write('so far'));
    other.answer('/broken', (response) => response.writeHead(200).write('so far', () => response.destroy()));
    const began = Date.now();
    for (const path of ['/hanging', '/broken'])
      expect(await send(other.url(path), receiverFor(true))).toMatchObject({ status: 200, error: null, text: 'so far' });
    expect(Date.now() - began).toBeLessThan(4_000);
  });

  it('answers text that can be kept, whatever was said', async () => {
    const whole = Buffer.concat([Buffer.from('a\0b'), Buffer.from([0xff, 0xfe]), Buffer.from('é'.repeat(1_500))]);
    other.answer('/bytes', (response) => void response.writeHead(200).end(whole));
    const { text } = await send(other.url('/bytes'));
    expect(text).toBe(`a\ufffdb\ufffd\ufffd${'é'.repeat(1_021)}`);
    expect(text!.isWellFormed()).toBe(true);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['connection reset', (socket) => socket.resetAndDestroy()],
    ['connection reset', (socket) => socket.end()],
    ['no valid HTTP', (socket) => socket.end('HELLO\r\n\r\n')],
    ['timed out', () => undefined],
    ['timed out', (socket) => dribble(socket, 'HTTP/1.1 200 OK\r\nx: ')],
  ])('answers "%s"', async (error, how) => {
    const raw = await saysRaw(how);
    expect(await send(raw.url)).toMatchObject({ status: null, error, text: null });
  });

  it('answers "connection refused" and "name not found"', async () => {
    const raw = await saysRaw(() => undefined);
    raw.close();
    expect(await send(raw.url)).toMatchObject({ status: null, error: 'connection refused' });
    const unknown: LookupAddress[] = [];
    const resolver = (_: string, __: object, done: (error: NodeJS.ErrnoException | null, all: LookupAddress[]) => void) =>
      done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), unknown);
    expect(await send('https://shop.example/', receiverFor(false, { resolver }))).toMatchObject({ error: 'name not found' });
  });

  it('gives up when it is told to', async () => {
    const raw = await saysRaw(() => undefined);
    const stopping = new AbortController();
    const sent = send(raw.url, receiverFor(true), stopping.signal);
    setTimeout(() => stopping.abort(), 50);
    await expect(sent).rejects.toThrow();
  });

  it('listens for that as long as it sends, and leaves nothing behind', async () => {
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const listening = () => getEventListeners(signal, 'abort').length;
    const raw = await saysRaw(() => undefined);
    const sending = Array.from({ length: 20 }, () => send(raw.url, receiverFor(true, { patienceMs: 200 }), signal));
    expect(listening()).toBe(20);
    for (const answer of await Promise.all(sending)) expect(answer).toMatchObject({ error: 'timed out' });
    await send(other.url('/'), receiverFor(true), signal);
    expect(listening()).toBe(0);
    await expect(send(other.url('/'), receiverFor(true), AbortSignal.abort())).rejects.toThrow();
  });

  describe('to the public internet only', () => {
    /** Whether anybody came, whatever the answer was. */
    let visited = 0;
    let inside: Awaited<ReturnType<typeof saysRaw>>;
    beforeAll(async () => {
      inside = await saysRaw(() => visited++);
    });

    it.each([
      'http://127.0.0.1:PORT/',
      'https://127.0.0.1:PORT/',
      'https://127.0.0.1/',
      'https://[::1]:8443/',
      'https://[::ffff:127.0.0.1]:8443/',
      'https://[::ffff:7f00:1]/',
      'https://2130706433:8443/',
      'https://0x7f.1:8443/',
      'https://localhost:8443/',
      'http://shop.example/',
      'https://shop.example:8080/',
      'https://169.254.169.254/',
    ])('never opens %s', async (url) => {
      const answer = await send(url.replace('PORT', new URL(inside.url).port), receiverFor(false));
      expect(answer).toMatchObject({ status: null, error: 'address not allowed' });
    });

    const addresses = (...all: string[]) => all.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    it.each([
      ['a private address', addresses('10.0.0.1')],
      ['this machine', addresses('127.0.0.1')],
      ['a private address among public ones', addresses('93.184.215.14', '127.0.0.1')],
      ['a private address of IPv6 among public ones', addresses('93.184.215.14', 'fd00::1')],
      ['a mapped address', addresses('::ffff:127.0.0.1')],
      ['no address at all', []],
    ])('never follows a name that resolves to %s', async (_, found) => {
      let asked = 0;
      const resolver = (__: string, ___: object, done: (error: null, all: LookupAddress[]) => void) => (asked++, done(null, found));
      expect(await send('https://shop.example:8443/', receiverFor(false, { resolver }))).toMatchObject({
        status: null,
        error: 'address not allowed',
      });
      expect(asked).toBe(1);
    });

    it('looks at the peer as well: a network may lead inside, whatever the name resolved to', async () => {
      const sockets: Socket[] = [];
      const astray: Parameters<typeof guarded>[0] = (_, done) => {
        const socket = connect(other.port, '127.0.0.1', () => done(null, socket));
        sockets.push(socket);
      };
      const target = { hostname: 'shop.example', protocol: 'https:', port: '' };
      const error = await new Promise((resolve) => guarded(astray)(target, (...[failed]) => resolve(failed)));
      expect(error).toBeInstanceOf(AddressNotAllowed);
      expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
    });

    it('was visited by nobody', () => {
      expect([visited, inside.sockets.length]).toEqual([0, 0]);
    });
  });
});
