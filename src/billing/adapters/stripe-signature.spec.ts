import { createHmac } from 'node:crypto';
import Stripe from 'stripe';
import { SignatureRefused } from '../domain/errors';
import { StripeClients } from './stripe-clients';
import { StripePayments } from './stripe-payments';
import { anAccess } from '../../../test/fixtures/stripe-story';

const [present, before] = ['whsec_present', 'whsec_before'];
const now = () => Math.floor(Date.now() / 1000);
const event = { id: 'evt_1', object: 'event', type: 'customer.created', created: 1_800_000_000, data: { object: {} } };
const payload = JSON.stringify({ ...event, note: 'Grüße' });
const header = (part: { payload?: string; secret?: string; timestamp?: number; scheme?: string } = {}): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret: present, timestamp: now(), ...part });

/** Signed as Stripe does, whatever the bytes. */
const signed = (body: Buffer, at = now()): string =>
  `t=${at},v1=${createHmac('sha256', present)
    .update(Buffer.concat([Buffer.from(`${at}.`), body]))
    .digest('hex')}`;

describe('An event that comes in', () => {
  const clients = new StripeClients({ fakeUrl: null });
  const payments = new StripePayments(clients);
  const receive = (body: string | Buffer, signature: string | undefined, webhookSecrets = [present, before]) =>
    payments.receive(anAccess({ webhookSecrets }), Buffer.from(body as string), signature);
  afterAll(() => clients.onApplicationShutdown());

  it('is taken when either of two secrets has signed it, alone or beside another signature', () => {
    const taken = { id: 'evt_1', type: 'customer.created', createdAt: new Date(1_800_000_000_000), subject: null, unreadable: null };
    for (const secret of [present, before]) expect(receive(payload, header({ secret }))).toEqual(taken);
    const [mine, other] = [header(), header({ secret: 'whsec_other' })].map((each) => each.split(',')[1]!);
    expect(receive(payload, `t=${now()},${other},v0=abc,${mine}`)).toEqual(taken);
  });

  it('is refused when nobody signed it, somebody else did, or it was changed since', () => {
    const bom = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(payload)]);
    const cases: [string | Buffer, string | undefined, string[]?][] = [
      [payload, undefined],
      [payload, ''],
      [payload, 'nonsense'],
      [payload, 't=,v1='],
      [payload, `t=${now()}`],
      [payload, `t=${now()},v1=`],
      [payload, `t=${now()},v1=${'0'.repeat(64)}`],
      [payload, header({ secret: 'whsec_other' })],
      [payload, header({ scheme: 'v0' })],
      [payload, header().replace(/t=\d+/, `t=${now() + 1}`)],
      [payload.replace('evt_1', 'evt_2'), header()],
      [`${payload} `, header()],
      [bom, header()],
      ['', header({ payload: '' })],
      [payload, header(), []],
      [payload, header({ secret: 'x' }), ['', ' ']],
    ];
    for (const [body, signature, secrets] of cases) expect(() => receive(body, signature, secrets)).toThrow(SignatureRefused);
  });

  it('is not confused with one whose broken bytes look alike once they are repaired', () => {
    const [one, other] = [0xfe, 0xff].map((byte) => Buffer.concat([Buffer.from('{"a":"'), Buffer.from([byte]), Buffer.from('"}')]));
    expect(receive(one!, signed(one!))).toMatchObject({ unreadable: 'the body is not UTF-8' });
    expect(() => receive(other!, signed(one!))).toThrow(SignatureRefused);
  });

  it('is refused when it was signed more than 300 s ago, or will be', () => {
    for (const off of [-299, 0, 299]) expect(receive(payload, header({ timestamp: now() + off })).id).toBe('evt_1');
    for (const off of [-303, 303, 1e9]) expect(() => receive(payload, header({ timestamp: now() + off }))).toThrow('300 seconds');
    const nan = createHmac('sha256', present).update(`NaN.${payload}`).digest('hex');
    expect(() => receive(payload, `t=soon,v1=${nan}`)).toThrow('300 seconds');
  });

  it('is taken once it is signed, whatever it is: with its own id, or one that the same body gets again', () => {
    const deep = '['.repeat(100_000);
    const bodies = ['nonsense', '[]', 'null', '"evt_1"', '{}', deep, '{"id":7}', '{"id":"evt_\\u0000"}', '{"id":"evt_\\ud800"}'].map(
      (text) => Buffer.from(text),
    );
    const ids = [...bodies, Buffer.from([0xff])].map((body) => {
      const [first, again] = [receive(body, signed(body)), receive(body, signed(body))];
      expect(again).toEqual(first);
      expect(first).toMatchObject({ id: expect.stringMatching(/^unreadable_[0-9a-f]{32}$/), type: 'unreadable', subject: null });
      expect(first.unreadable).toMatch(/^[ -~]+$/);
      return first.id;
    });
    expect(new Set(ids).size).toBe(ids.length);
    const half = JSON.stringify({ ...event, type: 'invoice.paid', data: { object: { id: 'in_1', subscription: 7 } } });
    expect(receive(half, header({ payload: half }))).toEqual({
      ...{ id: 'evt_1', type: 'invoice.paid', createdAt: new Date(1_800_000_000_000), subject: null },
      unreadable: 'event.data.object.subscription is not a text',
    });
  });
});
