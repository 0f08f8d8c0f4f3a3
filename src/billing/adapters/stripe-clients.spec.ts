import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IdempotencyKeyReused } from '../../../libs/http/refusals';
import { aCheckout, anAccess } from '../../../test/fixtures/stripe-story';
import { CheckoutRefused, ProviderAway } from '../domain/errors';
import { StripeClients } from './stripe-clients';
import { StripePayments } from './stripe-payments';

type Answer = (reply: ServerResponse) => void;

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => {
  return (reply) => reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};
const raw = (body: string, status = 200): Answer => {
  return (reply) => reply.writeHead(status).end(body);
};
const no = (status: number, error: object) => json(status, { error });
const session = { id: 'cs_1', object: 'checkout.session', url: 'https://checkout.stripe.com/c/1', expires_at: 1_800_000_000 };

describe('What answers in place of Stripe', () => {
  let server: Server;
  let payments: StripePayments;
  let clients: StripeClients;
  let answer: Answer;
  let asked = 0;
  let strays = 0;
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);
  const access = anAccess();

  beforeAll(async () => {
    server = createServer((request, reply) => {
      if (request.url === '/elsewhere') strays++;
      asked++;
      request.resume().on('end', () => answer(reply));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    clients = new StripeClients({ fakeUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    payments = new StripePayments(clients);
    process.on('unhandledRejection', note);
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await clients.onApplicationShutdown();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const questions = () =>
    Promise.all(
      [
        () => payments.look(access, 'sub_1'),
        () => payments.look(access, 'cs_1'),
        () => payments.purchaseOf(access, 'pi_1'),
        () => payments.customer(access, 'cus_1'),
        () => payments.list(access, new Date(), null),
        () => payments.openPortal(access, 'cus_1', 'https://shop.example'),
        () => payments.openCheckout(access, aCheckout()),
      ].map((ask) => ask().catch((error: unknown) => error)),
    );
  const opening = () => payments.openCheckout(access, aCheckout()).catch((error: unknown) => error);
  const words = async () => ((await opening()) as CheckoutRefused).message;

  it('is away, at once, when what it says makes no sense', async () => {
    const senseless: Answer[] = [
      ...['', 'null', '5', 'true', '"text"', '[]', '[1]', '{', '<html>502</html>', '{"id":"sub_1"'].map((body) => raw(body)),
      ...[{ message: 'Bad Gateway' }, { error: 'gateway' }, { error: 5 }, { error: null }, { error: [] }].map((body) => json(502, body)),
      ...[{}, { error: 'x' }, { data: {} }, { data: [5] }, { id: 5, data: 'x', url: 7 }, { error: { message: 'ok?' } }].map((body) =>
        json(200, body),
      ),
      json(404, { message: 'no such page' }),
      json(301, {}, { location: '/elsewhere' }),
      json(307, {}, { location: '/elsewhere' }),
      (reply) => reply.writeHead(200, { 'content-length': '500' }).write('{"id":', () => reply.destroy()),
      (reply) => reply.socket!.end('SSH-2.0-dropbear\r\n'),
    ];
    const began = performance.now();
    for (const next of senseless) {
      answer = next;
      const outcomes = await questions();
      expect(outcomes).toEqual(outcomes.map(() => expect.any(ProviderAway)));
      for (const { why } of outcomes as ProviderAway[]) expect(why).toMatch(/^[ -~]{5,400}$/);
    }
    console.log(`${senseless.length} senseless answers to 7 questions each in ${Math.round(performance.now() - began)} ms`);
    expect(performance.now() - began).toBeLessThan(senseless.length * 700);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([strays, rejections]).toEqual([0, []]);
  }, 30_000);

  it('is away in time when an answer drips, or each of many takes its time, and is asked nothing more then', async () => {
    const drip: Answer = (reply) => {
      reply.writeHead(200).write('{"id":"sub_1",');
      const dripping = setInterval(() => reply.write(' '), 100);
      reply.on('close', () => clearInterval(dripping));
    };
    const page = json(200, { data: [{ id: 'in_1' }], has_more: true });
    answer = (reply) =>
      /subscriptions\?|customers|checkout\/sessions\?/.test(reply.req.url!) ? setTimeout(() => page(reply), 3_000) : drip(reply);
    const began = performance.now();
    const took = async (ask: Promise<unknown>) => {
      const error = await ask.catch((reason: unknown) => reason);
      return [(error as ProviderAway).why, performance.now() - began] as const;
    };
    const [dripped, slow] = await Promise.all([took(payments.look(access, 'cs_1')), took(payments.customer(access, 'cus_1'))]);
    expect(dripped).toEqual(['not reached: ETIMEDOUT', expect.any(Number)]);
    expect(slow).toEqual(['no answer within 9.5 s', expect.any(Number)]);
    expect(Math.max(dripped[1], slow[1])).toBeLessThan(9_800);
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(asked).toBe(before);
  }, 20_000);

  it('does not send anybody round in circles', async () => {
    answer = json(200, { id: 'cus_1', data: [{ id: 'sub_1' }], has_more: true });
    const before = asked;
    expect((await payments.customer(access, 'cus_1'))!.subjects).toHaveLength(5);
    expect(asked - before).toBe(1 + 5 + 5);
  });

  it('is away when it is busy or fails, and has refused when it says no', async () => {
    const away: Answer[] = [
      no(500, { type: 'api_error', message: 'oops' }),
      no(503, {}),
      no(429, { type: 'invalid_request_error', code: 'rate_limit' }),
      no(400, { code: 'rate_limit' }),
      no(409, { type: 'invalid_request_error', code: 'lock_timeout', message: 'locked' }),
      no(409, { type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'in use' }),
      no(418, { message: 'teapot' }),
    ];
    for (answer of away) expect(await opening()).toBeInstanceOf(ProviderAway);
    const refused: Answer[] = [
      no(400, { type: 'invalid_request_error', code: 'resource_missing', message: 'No such price' }),
      no(401, { message: 'Invalid API Key provided' }),
      no(402, { type: 'card_error', message: 'no' }),
      no(403, { message: 'This key may not' }),
      no(404, { message: 'No such price' }),
    ];
    for (answer of refused) expect(await opening()).toBeInstanceOf(CheckoutRefused);
    answer = no(400, { type: 'idempotency_error', message: 'other parameters' });
    expect(await opening()).toBeInstanceOf(IdempotencyKeyReused);
  }, 30_000);

  it('is away for a question when it only says that the key may not ask it', async () => {
    for (answer of [no(401, { message: 'Invalid API Key' }), no(403, { message: 'no' }), no(400, { message: 'what?' }), no(404, {})])
      await expect(payments.look(access, 'sub_1')).rejects.toThrow(ProviderAway);
    answer = no(404, { code: 'resource_missing', message: 'No such subscription' });
    expect(await payments.look(access, 'sub_1')).toBeNull();
  });

  it('is quoted briefly, in one line, without secrets', async () => {
    const message = `No\n\0 \u001b[31mkey sk_test_latchkey_story or rk_live_51abc or whsec_x1 ${'y'.repeat(10_000)}`;
    answer = no(401, { message });
    expect(await words()).toMatch(/^No \[31mkey … or … or … y{200,280}$/);
    await expect(payments.look(access, 'sub_1')).rejects.toMatchObject({
      why: expect.stringMatching(/^answered 401: No \[31mkey … or … or … y+$/),
    });
    for (answer of [no(400, {}), no(400, { message: { a: 1 } }), no(400, { message: 7 })])
      expect(await words()).toBe('Stripe refused without a word.');
  });

  it('says when it was so by the date of its answer, or now where that is none', async () => {
    const asOf = async (date: string) => {
      const once = { id: 'cs_1', mode: 'payment', payment_status: 'unpaid' };
      answer = json(200, once, { date });
      return (await payments.look(access, 'cs_1'))!.asOf.getTime();
    };
    expect(await asOf('Wed, 01 Jul 2026 10:00:00 GMT')).toBe(Date.UTC(2026, 6, 1, 10));
    for (const date of ['yesterday', '']) expect(Math.abs((await asOf(date)) - Date.now())).toBeLessThan(2_000);
  });

  it('sends nobody to an address that is none of the web', async () => {
    answer = json(200, session);
    expect(await opening()).toMatchObject({ url: session.url });
    for (const url of ['javascript:alert(1)', null, '', 'checkout', 5]) {
      answer = json(200, { ...session, url });
      expect(await opening()).toBeInstanceOf(ProviderAway);
    }
  });
});

describe('A client of Stripe', () => {
  const hostOf = (clients: StripeClients, key: string) => clients.of(key).getApiField('host');

  it('talks to the fake with keys that are made for it, and there only', () => {
    const [clients, none] = [new StripeClients({ fakeUrl: 'http://127.0.0.1:4242' }), new StripeClients({ fakeUrl: null })];
    expect(hostOf(clients, 'sk_test_latchkey_fake')).toBe('127.0.0.1');
    for (const key of ['sk_test_51abc', 'sk_live_51abc', 'rk_live_latchkey_x']) expect(hostOf(clients, key)).toBe('api.stripe.com');
    expect(hostOf(none, 'sk_test_latchkey_fake')).toBe('api.stripe.com');
  });

  it('is kept for a key that is in use, and not for ever', () => {
    const clients = new StripeClients({ fakeUrl: null });
    const [used, unused] = [clients.of('sk_used'), clients.of('sk_unused')];
    for (let i = 0; i < 250; i++) {
      clients.of(`sk_${i}`);
      expect(clients.of('sk_used')).toBe(used);
    }
    expect(clients.of('sk_unused')).not.toBe(unused);
  });
});
