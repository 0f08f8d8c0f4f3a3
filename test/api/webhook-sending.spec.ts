import { CommandBus } from '@nestjs/cqrs';
import { Background } from '../../libs/messaging/background';
import { Database } from '../../libs/persistence/database';
import { Client } from 'pg';
import { dropDatabase, ownerUrl, runtimeUrl } from '../../libs/testing/database';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { allBrands } from '../../src/identity';
import { Receiver } from '../../src/webhooks/ports/receiver';
import { WebhookHousekeeping } from '../../src/webhooks/adapters/webhook-housekeeping';
import { ClaimDeliveries, ClaimDeliveriesHandler } from '../../src/webhooks/use-cases/claim-deliveries';
import { SettleDelivery } from '../../src/webhooks/use-cases/settle-delivery';
import { saying, startReceiver, type TestReceiver, verifies } from '../fixtures/receiver';
import { serviceOver } from '../fixtures/services';

const minute = 1 / (24 * 60);
const second = minute / 60;

describe('Webhooks', () => {
  let service: TestService;
  let world: BrandWorld;
  let receiver: TestReceiver;
  /** How far the clock of the rules is ahead of the wall's. */
  let ahead = 0;
  const secrets = new Map<string, string>();
  let paths = 0;

  beforeAll(async () => {
    [service, receiver] = [await startTestService({ WEBHOOKS_ALLOW_PRIVATE: 'true' }), await startReceiver()];
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
    // What happened before a test has its endpoints is nothing to them.
    await relay();
    await send();
  });
  afterAll(async () => {
    await service.stop();
    await receiver.close();
  });

  const api = (rest = '') => `/v1/brands/${world.slug}/webhook-endpoints${rest}`;
  /** An endpoint at a path of its own, where every message is signed with its secret. */
  async function hook(types = ['license.*'], url?: string) {
    const path = `/hook-${++paths}`;
    const made = ok(await world.call({ path: api(), body: { url: url ?? receiver.url(path), event_types: types } }));
    secrets.set(path, made.secret);
    const own = (rest: string) => api(`/${made.id}${rest}`);
    return {
      id: made.id as string,
      secret: made.secret as string,
      path,
      heard: () => receiver.at(path),
      read: async () => ok(await world.call({ path: own('') })),
      patch: async (body: object) => ok(await world.call({ method: 'PATCH', path: own(''), body })),
      post: async (what: string, body?: object) => ok(await world.call({ method: 'POST', path: own(`/${what}`), ...(body && { body }) })),
      deliveries: async (query = '') => ok(await world.call({ path: own(`/deliveries?limit=100${query}`) })).data as any[],
      latest: async () => ok(await world.call({ path: own('/deliveries?limit=1') })).data[0],
    };
  }
  type Hook = Awaited<ReturnType<typeof hook>>;
  let seats = 5;
  /** Something happens to the license: `license.updated`. */
  const happen = async () => {
    ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { seat_limit: ++seats } }));
    await relay();
  };
  const relay = async () => {
    await service.settle('event log');
    await service.settle('events to subscribers');
  };
  const send = () => service.settle('webhooks');
  const travel = (days: number) => {
    service.travel(days);
    ahead += days * 86_400_000;
  };
  const secondsUntil = (time: string) => (Date.parse(time) - Date.now() - ahead) / 1000;

  afterEach(() => {
    // Whatever a test was about: everything that was heard is ours, as two libraries of others see it.
    for (const message of receiver.heard.splice(0)) {
      const at = Number(message.headers['webhook-timestamp']) * 1000;
      expect(verifies(message, secrets.get(message.path)!, at)).toBe(true);
      verified++;
    }
  });
  let verified = 0;

  it('tell an endpoint what happened, exactly as the log has it', async () => {
    const endpoint = await hook();
    const other = await hook(['seat.*']);
    await happen();
    await send();
    const [message, ...more] = endpoint.heard();
    expect([more, other.heard()]).toEqual([[], []]);
    const { rows } = await service.owner.query(
      `select id, type, occurred_at, data from outbox_events where type = 'license.updated' and brand_id = (select id from brands where slug = $1)`,
      [world.slug],
    );
    expect(message!.body).toBe(JSON.stringify({ type: rows[0].type, timestamp: rows[0].occurred_at.toISOString(), data: rows[0].data }));
    expect(message!.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'Latchkey' });
    expect(Math.abs(Number(message!.headers['webhook-timestamp']) - (Date.now() + ahead) / 1000)).toBeLessThan(30);
    expect(message!.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}=$/);
    expect(await endpoint.latest()).toEqual({
      id: expect.stringMatching(/^whd_/),
      endpoint_id: endpoint.id,
      event_id: message!.id,
      event_type: 'license.updated',
      cause: 'event',
      status: 'succeeded',
      attempts: [
        { number: 1, status: 200, error: null, answer: 'heard', latency_ms: expect.any(Number), attempted_at: expect.any(String) },
      ],
      next_attempt_at: null,
      created_at: expect.any(String),
      settled_at: expect.any(String),
    });
  });

  it('tell of everything, once, however often the relay delivers it', async () => {
    const endpoint = await hook(['*']);
    await happen();
    await happen();
    await service.owner.query(`update event_cursors set sequence = 0 where outlet = 'subscribers'`);
    await relay();
    await send();
    const types = endpoint.heard().map(({ body }) => JSON.parse(body).type);
    expect(types.filter((type) => type === 'license.updated')).toHaveLength(2);
    expect(new Set(endpoint.heard().map(({ id }) => id)).size).toBe(types.length);
    const { rows } = await service.owner.query(`select last_error from event_cursors where last_error is not null`);
    expect(rows).toEqual([]);
  });

  describe('take an answer for what it is:', () => {
    const retried = { status: 'pending', settled_at: null, next_attempt_at: expect.any(String) };
    it.each<[number, Record<string, string>, object, [number, number] | null]>([
      [200, {}, { status: 'succeeded' }, null],
      [204, {}, { status: 'succeeded' }, null],
      [301, { location: 'http://127.0.0.1:1/' }, retried, [3, 6]],
      [400, {}, retried, [3, 6]],
      [429, { 'retry-after': '3600' }, retried, [3_590, 3_600]],
      [429, { 'retry-after': '999999' }, retried, [86_390, 86_400]],
      [503, { 'retry-after': new Date(Date.now() + 7_200_000).toUTCString() }, retried, [7_000, 7_200]],
      [429, { 'retry-after': '1' }, retried, [3, 6]],
      [500, {}, retried, [3, 6]],
    ])('%i with %j', async (status, headers, delivery, wait) => {
      const endpoint = await hook();
      receiver.answer(endpoint.path, saying(status, headers, status === 204 ? '' : 'so'));
      await happen();
      await send();
      const latest = await endpoint.latest();
      expect(latest).toMatchObject({ ...delivery, attempts: [{ number: 1, status, error: null, answer: status === 204 ? '' : 'so' }] });
      if (!wait) return;
      expect(secondsUntil(latest.next_attempt_at)).toBeGreaterThan(wait[0]);
      expect(secondsUntil(latest.next_attempt_at)).toBeLessThanOrEqual(wait[1]);
      expect((await endpoint.read()).failing_since).not.toBeNull();
      await endpoint.patch({ status: 'disabled' });
    });

    it('410 ends the endpoint, with what waits for it, and the brand’s others are told', async () => {
      const [endpoint, other] = [await hook(), await hook(['webhook_endpoint.*'])];
      receiver.answer(endpoint.path, saying(500));
      await happen();
      await send();
      receiver.answer(endpoint.path, saying(410));
      await happen();
      await send();
      expect(await endpoint.read()).toMatchObject({ status: 'disabled', disabled_reason: 'gone' });
      await service.settle('stray webhooks');
      expect((await endpoint.deliveries()).map(({ status }) => status)).toEqual(['failed', 'cancelled']);
      await relay();
      await happen();
      await send();
      expect(endpoint.heard()).toHaveLength(2);
      expect(JSON.parse(other.heard().at(-1)!.body)).toMatchObject({
        type: 'webhook_endpoint.disabled',
        data: { id: endpoint.id, status: 'disabled', reason: 'gone' },
      });
    });

    it.each([
      ['connection reset', (response: any) => response.socket.resetAndDestroy()],
      ['timed out', () => undefined],
    ])('%s', async (error, how) => {
      const patience = { patienceMs: 700 };
      Object.assign(service.app.get(Receiver), patience);
      const endpoint = await hook();
      receiver.answer(endpoint.path, how);
      await happen();
      await send();
      expect(await endpoint.latest()).toMatchObject({ ...retried, attempts: [{ status: null, error, answer: null }] });
      Object.assign(service.app.get(Receiver), { patienceMs: 15_000 });
      await endpoint.patch({ status: 'disabled' });
    });

    it('a body without end, and one that hangs', async () => {
      const [endless, hanging] = [await hook(), await hook()];
      receiver.answer(endless.path, (response) => {
        const pour = () => {
          while (!response.destroyed && response.write('é'.repeat(500)));
          if (!response.destroyed) response.once('drain', pour);
        };
        pour();
      });
      receiver.answer(hanging.path, (response) => void response.writeHead(201).write('a\0b'));
      await happen();
      await send();
      expect(await endless.latest()).toMatchObject({ status: 'succeeded', attempts: [{ status: 200, answer: 'é'.repeat(1_024) }] });
      expect(await hanging.latest()).toMatchObject({ status: 'succeeded', attempts: [{ status: 201, answer: 'a\ufffdb' }] });
    });
  });

  it('are tried ten times over three days, the same bytes under the same id, and then lie dead until they are replayed', async () => {
    const endpoint = await hook();
    receiver.answer(endpoint.path, saying(503));
    await happen();
    await send();
    const delays = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (const [index, delay] of delays.entries()) {
      const { attempts, next_attempt_at } = await endpoint.latest();
      expect(attempts).toHaveLength(index + 1);
      const wait = secondsUntil(next_attempt_at);
      expect(wait).toBeGreaterThan(delay * 0.8 - 30);
      expect(wait).toBeLessThanOrEqual(delay * 1.2);
      travel((wait - 1) * second);
      if (wait > 60) {
        await send();
        expect(endpoint.heard()).toHaveLength(index + 1);
      }
      travel(2 * second);
      await send();
    }
    const dead = await endpoint.latest();
    expect(dead).toMatchObject({ status: 'failed', next_attempt_at: null, settled_at: expect.any(String) });
    expect(dead.attempts.map(({ number }: any) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(endpoint.heard().map(({ id, body }) => id + body)).size).toBe(1);
    expect(new Set(endpoint.heard().map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10);
    expect(await endpoint.read()).toMatchObject({ status: 'enabled' });
    expect((await endpoint.deliveries('&status=failed')).map(({ id }) => id)).toEqual([dead.id]);

    receiver.answer(endpoint.path, saying(200));
    expect(await endpoint.post('replay', { event_id: dead.event_id })).toEqual({ replayed: 1 });
    await send();
    expect(await endpoint.latest()).toMatchObject({ cause: 'replay', status: 'succeeded', event_id: dead.event_id });
    expect(endpoint.heard()).toHaveLength(11);
    expect(await endpoint.read()).toMatchObject({ failing_since: null });
  });

  it('are given up after five days of nothing but failures, and the brand is told', async () => {
    const [endpoint, other] = [await hook(), await hook(['webhook_endpoint.disabled'])];
    receiver.answer(endpoint.path, saying(500));
    await happen();
    await send();
    for (const days of [1, 1, 1, 1, 1 - minute]) {
      travel(days);
      await happen();
      await send();
    }
    expect(await endpoint.read()).toMatchObject({ status: 'enabled' });
    travel(2 * minute);
    await happen();
    await send();
    expect(await endpoint.read()).toMatchObject({ status: 'disabled', disabled_reason: 'failing' });
    await service.settle('stray webhooks');
    expect(await endpoint.deliveries('&status=pending')).toEqual([]);
    await relay();
    await send();
    expect(other.heard().map(({ body }) => JSON.parse(body).data)).toMatchObject([{ id: endpoint.id, reason: 'failing' }]);

    const before = endpoint.heard().length;
    await happen();
    receiver.answer(endpoint.path, saying(200));
    await endpoint.patch({ status: 'enabled' });
    await send();
    expect(endpoint.heard()).toHaveLength(before);
    await service.settle('stray webhooks');
    await happen();
    await send();
    expect(endpoint.heard()).toHaveLength(before + 1);
  });

  it('are brought by a slow endpoint to nobody late', async () => {
    const slow = await hook();
    const waiting: (() => void)[] = [];
    receiver.answer(slow.path, (response) => void waiting.push(() => response.end()));
    for (let i = 0; i < 6; i++) await happen();
    const sending = send();
    while (waiting.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
    const quick = await hook();
    await happen();
    // The same loop, while four tries of the slow one hang: what the other one waits for goes out.
    const next = service.app.get(Background).settle('webhooks');
    while (quick.heard().length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(slow.heard()).toHaveLength(4);
    receiver.answer(slow.path, saying(200));
    for (const release of waiting) release();
    await Promise.all([sending, next]);
    await send();
    expect(slow.heard()).toHaveLength(7);
    expect((await slow.deliveries()).map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => 'succeeded'));
  });

  it.each([
    ['two brands', 2, 80, 0],
    // More than there is room for: until it shows how slow they are.
    ['four brands', 4, 150, 2_100],
  ])(
    'are brought late to no other brand by the slow endpoints of %s',
    async (_, brands, held, moment) => {
      const hanging: (() => void)[] = [];
      let hangs = true;
      const slow: Hook[] = [];
      const prepare = async (name: string) => {
        for (let i = 0; i < 20; i++) {
          const endpoint = await hook([name]);
          slow.push(endpoint);
          receiver.answer(endpoint.path, (response) => (hangs ? void hanging.push(() => response.end()) : void response.end()));
        }
        for (let i = 0; i < 4; i++) await happen();
      };
      for (let i = 0; i < brands; i++) {
        await prepare('license.updated');
        world = await createBrandWorld(service);
      }
      const sending = send();
      const until = async (what: () => boolean) => {
        for (const end = Date.now() + 15_000; !what() && Date.now() < end;) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      await until(() => hanging.length >= held);
      await new Promise((resolve) => setTimeout(resolve, moment));
      const quick = await hook(['license.updated']);
      for (let i = 0; i < 4; i++) await happen();
      const began = Date.now();
      const next = service.app.get(Background).settle('webhooks');
      await until(() => quick.heard().length === 4);
      const took = Date.now() - began;
      // Whoever was slow is known for it, and waits behind others of its kind.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      hangs = false;
      for (const release of hanging) release();
      await Promise.all([sending, next]);
      await send();
      expect([quick.heard().length, took < 2_000]).toEqual([4, true]);
      expect(slow.map((one) => one.heard().length)).toEqual(slow.map(() => 4));
    },
    60_000,
  );

  it('look for more after a try only where more is due', async () => {
    const running = await startTestService({ WEBHOOKS_ALLOW_PRIVATE: 'true', BACKGROUND_WORK: 'true' });
    const looks = jest.spyOn(ClaimDeliveriesHandler.prototype, 'execute');
    try {
      world = await createBrandWorld(running);
      const waiting: (() => void)[] = [];
      for (let i = 0; i < 12; i++)
        receiver.answer((await hook(['license.updated'])).path, (response) => void waiting.push(() => response.end()));
      const path = `/v1/licenses/${world.licenseId}`;
      ok(await world.call({ method: 'PATCH', path, body: { seat_limit: ++seats } }));
      while (waiting.length < 12) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 200));
      looks.mockClear();
      for (const release of waiting) {
        release();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(looks.mock.calls.length).toBeLessThan(4);

      const busy = await hook(['brand.*']);
      await running.owner.query(
        `insert into webhook_deliveries (brand_id, id, endpoint_id, event_id, event_type, cause, status, attempts, next_attempt_at, created_at)
         select e.brand_id, gen_random_uuid(), e.id, d.event_id, d.event_type, 'replay', 'pending', 0, now(), now()
           from webhook_endpoints e cross join (select * from webhook_deliveries limit 1) d cross join generate_series(1, 40) where e.url = $1`,
        [receiver.url(busy.path)],
      );
      const began = Date.now();
      while (busy.heard().length < 40) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(Date.now() - began).toBeLessThan(5_000);
    } finally {
      looks.mockRestore();
      await running.stop();
    }
  }, 30_000);

  it('whose event is no longer kept are dead at once, and that is no fault of the endpoint’s', async () => {
    const endpoint = await hook();
    await happen();
    await service.owner.query(
      `delete from outbox_events where type = 'license.updated' and brand_id = (select id from brands where slug = $1)`,
      [world.slug],
    );
    await send();
    expect(await endpoint.latest()).toMatchObject({
      status: 'failed',
      next_attempt_at: null,
      attempts: [{ status: null, error: 'the event is no longer kept' }],
    });
    expect(await endpoint.read()).toMatchObject({ status: 'enabled', failing_since: null });
    expect(endpoint.heard()).toEqual([]);
  });

  it('say so when a secret cannot be opened, and go on without the one before', async () => {
    const endpoint = await hook();
    const { secret } = await endpoint.post('rotate-secret', { overlap_seconds: 3_600 });
    secrets.set(endpoint.path, secret);
    const loseKeyOf = (column: string) =>
      service.owner.query(`update webhook_endpoints set ${column} = set_byte(${column}, 0, 99) where url = $1`, [
        receiver.url(endpoint.path),
      ]);
    await loseKeyOf('previous_secret');
    await happen();
    await send();
    expect(endpoint.heard()).toHaveLength(1);
    await loseKeyOf('secret');
    await happen();
    await send();
    expect(await endpoint.latest()).toMatchObject({
      status: 'pending',
      attempts: [{ number: 1, status: null, error: 'the secret cannot be opened' }],
    });
    expect(await endpoint.read()).toMatchObject({ failing_since: null });
    expect(endpoint.heard()).toHaveLength(1);
    await endpoint.patch({ status: 'disabled' });
  });

  it('go one at a time to an endpoint that is failing', async () => {
    const endpoint = await hook();
    receiver.answer(endpoint.path, saying(500));
    await happen();
    await send();
    let [now, most] = [0, 0];
    receiver.answer(endpoint.path, (response) => {
      most = Math.max(most, ++now);
      setTimeout(() => (now--, response.writeHead(500).end()), 30);
    });
    for (let i = 0; i < 5; i++) await happen();
    await send();
    expect([most, endpoint.heard().length]).toEqual([1, 6]);
    await endpoint.patch({ status: 'disabled' });
  });

  it('are signed with both secrets while one takes over from the other', async () => {
    const endpoint = await hook();
    const { secret: fresh } = await endpoint.post('rotate-secret', { overlap_seconds: 3_600 });
    await happen();
    await send();
    const signed = (at: number) => [endpoint.secret, fresh].map((secret) => verifies(endpoint.heard()[at]!, secret, Date.now() + ahead));
    expect(signed(0)).toEqual([true, true]);
    travel(61 * minute);
    await happen();
    await send();
    expect(signed(1)).toEqual([false, true]);
    secrets.set(endpoint.path, fresh);
    const { secret: abrupt } = await endpoint.post('rotate-secret', { overlap_seconds: 0 });
    await happen();
    await send();
    expect(verifies(endpoint.heard()[2]!, fresh, Date.now() + ahead)).toBe(false);
    expect(verifies(endpoint.heard()[2]!, abrupt, Date.now() + ahead)).toBe(true);
    receiver.heard.pop();
  });

  it('are replayed: one, a range, and nothing twice that still waits', async () => {
    const endpoint = await hook();
    const since = () => new Date(Date.now() + ahead).toISOString();
    await happen();
    travel(minute);
    const from = since();
    await happen();
    await happen();
    travel(minute);
    const until = since();
    await happen();
    await send();
    const ids = endpoint.heard().map(({ id }) => id);
    expect(await endpoint.post('replay', { since: from, until })).toEqual({ replayed: 2 });
    await send();
    expect(
      new Set(
        endpoint
          .heard()
          .slice(4)
          .map(({ id }) => id),
      ),
    ).toEqual(new Set(ids.slice(1, 3)));
    expect(await endpoint.post('replay', { since: from })).toEqual({ replayed: 3 });
    expect(await endpoint.post('replay', { since: from })).toEqual({ replayed: 3 });
    await send();
    expect(endpoint.heard()).toHaveLength(9);
    expect(await endpoint.post('replay', { event_id: ids[0]! })).toEqual({ replayed: 1 });
    await send();
    expect(endpoint.heard()[9]).toMatchObject({ id: ids[0], body: endpoint.heard()[0]!.body });

    receiver.answer(endpoint.path, saying(500));
    await happen();
    await send();
    receiver.answer(endpoint.path, saying(200));
    const { event_id } = await endpoint.latest();
    expect(await endpoint.post('replay', { event_id })).toEqual({ replayed: 1 });
    await send();
    expect(await endpoint.latest()).toMatchObject({ event_id, cause: 'event', status: 'succeeded', attempts: [{}, {}] });

    const stranger = await createBrandWorld(service);
    const theirs = ok(
      await stranger.call({
        path: `/v1/brands/${stranger.slug}/webhook-endpoints`,
        body: { url: receiver.url('/theirs'), event_types: ['*'] },
      }),
    );
    secrets.set('/theirs', theirs.secret);
    const replay = (body: object) => stranger.call({ path: `/v1/brands/${stranger.slug}/webhook-endpoints/${theirs.id}/replay`, body });
    expect(await replay({ event_id })).toMatchObject({ status: 404, body: { code: 'event_not_found' } });
  });

  it('are tried with an event that means nothing, which comes to that endpoint alone', async () => {
    const [endpoint, other] = [await hook(), await hook(['*'])];
    const { id } = await endpoint.post('test');
    await relay();
    await send();
    expect(JSON.parse(endpoint.heard()[0]!.body)).toMatchObject({ type: 'webhook_endpoint.test', data: { id: endpoint.id } });
    expect(other.heard().filter(({ body }) => body.includes('webhook_endpoint.test'))).toEqual([]);
    expect(await endpoint.deliveries()).toMatchObject([{ id, cause: 'test', status: 'succeeded' }]);
  });

  describe('survive whoever sends them:', () => {
    const claim = () => service.app.get(CommandBus).execute(new ClaimDeliveries(allBrands, { working: 100, hindered: 100 }));
    const answer = (status: number) => ({ status, error: null, latencyMs: 1, text: null, retryAfter: null });

    it('what a sender has claimed before it died is sent when its lease is over', async () => {
      const endpoint = await hook();
      await happen();
      expect(await claim()).toHaveLength(1);
      await send();
      expect(endpoint.heard()).toEqual([]);
      travel(6 * second);
      await send();
      expect(endpoint.heard()).toHaveLength(1);
      expect(await endpoint.latest()).toMatchObject({ status: 'succeeded', attempts: [{ number: 1 }] });
    });

    it('a sender that was taken for dead overwrites nothing', async () => {
      const endpoint = await hook();
      await happen();
      const [late] = await claim();
      travel(6 * second);
      const [next] = await claim();
      const settle = (claimed: typeof late, status: number) =>
        service.app.get(CommandBus).execute(new SettleDelivery(claimed!, answer(status), 0.5));
      expect(await settle(late, 500)).toMatchObject({ told: false });
      expect(await settle(next, 200)).toEqual({ told: true, more: false });
      expect(await settle(late, 410)).toMatchObject({ told: false });
      expect(await endpoint.latest()).toMatchObject({ status: 'succeeded', attempts: [{ status: 200 }] });
      expect(await endpoint.read()).toMatchObject({ status: 'enabled', failing_since: null });
    });

    it('two of them at once lose nothing, and send and settle each once', async () => {
      const environment = { WEBHOOKS_ALLOW_PRIVATE: 'true', BACKGROUND_WORK: 'false' };
      const other = await serviceOver(runtimeUrl(service.database), environment);
      try {
        other.app.get(Database).now = (
          (now) => () =>
            new Date(now().getTime() + ahead)
        )(other.app.get(Database).now.bind(other.app.get(Database)));
        const endpoints: Hook[] = [];
        for (let i = 0; i < 5; i++) endpoints.push(await hook());
        for (let i = 0; i < 40; i++) await happen();
        const work = async (background: Background) => {
          for (let i = 0; i < 5; i++) await background.settle('webhooks');
        };
        await Promise.all([work(service.app.get(Background)), work(other.app.get(Background))]);
        await send();
        for (const endpoint of endpoints) {
          expect(endpoint.heard()).toHaveLength(40);
          const log = await endpoint.deliveries();
          expect(log.map(({ status, attempts }) => `${status} ${attempts.length}`)).toEqual(
            Array.from({ length: 40 }, () => 'succeeded 1'),
          );
        }
      } finally {
        await other.stop();
      }
    }, 60_000);
  });

  it('leave their secrets in no log, event, audit row or table', async () => {
    const endpoint = await hook(['*']);
    const { secret } = await endpoint.post('rotate-secret', { overlap_seconds: 60 });
    await endpoint.post('test');
    await relay();
    await send();
    secrets.set(endpoint.path, secret);
    const { rows: tables } = await service.owner.query(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    let dump = service.logged.join('\n');
    for (const { name } of tables) {
      const { rows } = await service.owner.query(`select string_agg(to_jsonb(t)::text, e'\\n') as text from "${name}" t`);
      dump += rows[0].text ?? '';
    }
    expect(dump).toContain(endpoint.path);
    for (const text of [endpoint.secret, secret]) {
      const bytes = Buffer.from(text.slice(6), 'base64');
      const forms = [
        text.slice(6, 46),
        bytes.toString('hex'),
        Buffer.from(text).toString('hex'),
        Buffer.from(text).toString('base64').slice(4, 40),
      ];
      expect(forms.filter((form) => dump.includes(form))).toEqual([]);
    }
  });

  it('are forgotten when their time is over, answers first', async () => {
    const endpoint = await hook();
    await happen();
    await send();
    const housekeeping = service.app.get(WebhookHousekeeping);
    const tidy = async () => {
      for (const work of [() => housekeeping.forgetDeliveries(), () => housekeeping.forgetAnswers()]) while (await work());
    };
    travel(7 - minute);
    await tidy();
    expect(await endpoint.latest()).toMatchObject({ attempts: [{ answer: 'heard' }] });
    travel(2 * minute);
    await tidy();
    expect(await endpoint.latest()).toMatchObject({ status: 'succeeded', attempts: [{ status: 200, answer: null }] });
    travel(23);
    await tidy();
    expect(await endpoint.deliveries()).toEqual([]);
    const sql = `select count(*)::int as left from webhook_attempts where brand_id = (select id from brands where slug = $1)`;
    expect((await service.owner.query(sql, [world.slug])).rows).toEqual([{ left: 0 }]);
  });

  it('are cancelled soon after the endpoint was switched off or removed, however many wait; switching on again revives none', async () => {
    const [first, second] = [await hook(['webhook_endpoint.test']), await hook(['webhook_endpoint.test'])];
    for (const { id } of [first, second])
      await service.owner.query(
        `insert into webhook_deliveries (brand_id, id, endpoint_id, event_id, event_type, cause, status, attempts, next_attempt_at, created_at)
         select e.brand_id, gen_random_uuid(), e.id, gen_random_uuid(), 'license.updated', 'replay', 'pending', 0, $2, $2
           from webhook_endpoints e cross join generate_series(1, $3::int) where e.url = $1`,
        [receiver.url(id === first.id ? first.path : second.path), new Date(Date.now() + ahead), 2_500],
      );
    // Somebody is at one of them just now, and stays at it: who switches the endpoint off does not wait for that.
    const at = new Client({ connectionString: ownerUrl(service.database) });
    await at.connect();
    await at.query(`begin; select from webhook_deliveries where status = 'pending' and cause = 'replay' for update`);
    await first.patch({ status: 'disabled' });
    ok(await world.call({ method: 'DELETE', path: api(`/${second.id}`) }));
    await at.query('rollback');
    await at.end();
    await first.patch({ status: 'enabled' });
    await first.post('test');
    await send();
    expect(first.heard().map(({ body }) => JSON.parse(body).type)).toEqual(['webhook_endpoint.test']);
    await service.settle('stray webhooks');
    const { rows } = await service.owner.query(
      `select status, cause, count(*)::int from webhook_deliveries where brand_id = (select id from brands where slug = $1) group by 1, 2 order by 1`,
      [world.slug],
    );
    expect(rows).toEqual([
      { status: 'cancelled', cause: 'replay', count: 5_000 },
      { status: 'succeeded', cause: 'test', count: 1 },
    ]);
  });

  it('are cancelled at once by a running service when the endpoint is switched off', async () => {
    const running = await startTestService({ WEBHOOKS_ALLOW_PRIVATE: 'true', BACKGROUND_WORK: 'true' });
    try {
      world = await createBrandWorld(running);
      const endpoint = await hook(['license.updated']);
      receiver.answer(endpoint.path, saying(500));
      ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { seat_limit: ++seats } }));
      while ((await endpoint.latest())?.attempts.length !== 1) await new Promise((resolve) => setTimeout(resolve, 20));
      await endpoint.patch({ status: 'disabled' });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await endpoint.latest()).toMatchObject({ status: 'cancelled', next_attempt_at: null });
    } finally {
      await running.stop();
    }
  }, 20_000);

  it('that strayed to an endpoint which was just disabled are cancelled', async () => {
    const endpoint = await hook();
    await happen();
    await service.owner.query(`update webhook_endpoints set status = 'disabled' where url = $1`, [receiver.url(endpoint.path)]);
    await send();
    expect(await endpoint.latest()).toMatchObject({ status: 'pending' });
    await service.app.get(WebhookHousekeeping).cancelStrays();
    expect(await endpoint.latest()).toMatchObject({ status: 'cancelled' });
    expect(endpoint.heard()).toEqual([]);
  });

  it('go nowhere inside, unless that was allowed', async () => {
    const guarded = await startTestService();
    try {
      const inside = await createBrandWorld(guarded);
      const path = `/v1/brands/${inside.slug}/webhook-endpoints`;
      for (const host of ['localhost:8443', 'localhost']) {
        const { id } = ok(await inside.call({ path, body: { url: `https://${host}/`, event_types: ['*'] } }));
        ok(await inside.call({ method: 'POST', path: `${path}/${id}/test` }));
        await guarded.settle('webhooks');
        expect(ok(await inside.call({ path: `${path}/${id}/deliveries` })).data).toMatchObject([
          { cause: 'test', status: 'pending', attempts: [{ status: null, error: 'address not allowed' }] },
        ]);
      }
    } finally {
      await guarded.stop();
    }
  }, 20_000);

  it('are sent at once by a running service, whatever hangs beside them, and hold up its end for a moment only', async () => {
    const running = await startTestService({ WEBHOOKS_ALLOW_PRIVATE: 'true', BACKGROUND_WORK: 'true' });
    const there = await createBrandWorld(running);
    const make = async (path: string) => {
      const body = { url: receiver.url(path), event_types: ['license.updated'] };
      const made = ok(await there.call({ path: `/v1/brands/${there.slug}/webhook-endpoints`, body }));
      secrets.set(path, made.secret);
    };
    const change = async (seat_limit: number) =>
      ok(await there.call({ method: 'PATCH', path: `/v1/licenses/${there.licenseId}`, body: { seat_limit } }));
    const heard = async (path: string, times: number) => {
      while (receiver.at(path).length < times) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    receiver.answer('/hangs', () => undefined);
    await make('/hangs');
    await change(7);
    await heard('/hangs', 1);
    await make('/answers');
    const began = Date.now();
    for (const times of [1, 2, 3]) {
      await change(7 + times);
      await heard('/answers', times);
    }
    expect(Date.now() - began).toBeLessThan(8_000);
    expect(receiver.at('/hangs').length).toBeLessThanOrEqual(4);
    // Whatever is under way stays this service's to the end: nobody else may send it meanwhile.
    const sql = `select extract(epoch from min(leased_until) - clock_timestamp())::float as left from webhook_deliveries where leased_until is not null`;
    const watch = new Client({ connectionString: ownerUrl(running.database) });
    await watch.connect();
    const left = async () => (await watch.query<{ left: number | null }>(sql)).rows[0]!.left ?? 5;
    while ((await left()) > 3.9) await new Promise((resolve) => setTimeout(resolve, 20));
    const stopping = Date.now();
    const stopped = running.app
      .get(Background)
      .stop()
      .then(() => running.app.close());
    const lost: boolean[] = [];
    for (let over = false; !over; await new Promise((resolve) => setTimeout(resolve, 100))) {
      lost.push((await left()) < 0);
      over = Date.now() - stopping > 4_700;
    }
    await watch.end();
    await stopped;
    expect(Date.now() - stopping).toBeLessThan(9_000);
    expect(new Set(lost)).toEqual(new Set([false]));
    await running.owner.end();
    await dropDatabase(running.database);
  }, 40_000);

  it('were all verified', () => {
    expect(verified).toBeGreaterThan(250);
  });
});
