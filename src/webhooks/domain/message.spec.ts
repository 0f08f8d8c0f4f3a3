import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { newId } from '../../../libs/kernel/id';
import { inDays, noon } from '../../../test/fixtures/aggregates';
import { bodyOf, headersOf, type Told } from './message';

const told = (data: object = { id: 'lic_1', version: 2 }): Told => ({
  eventId: newId(),
  eventType: 'license.renewed',
  occurredAt: noon,
  data,
  traceparent: null,
});
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
const verifiers = [Webhook, Svix];

describe('A message', () => {
  beforeAll(() => jest.useFakeTimers({ now: noon }));
  afterAll(() => jest.useRealTimers());

  it('is exactly type, timestamp and data', () => {
    expect(bodyOf(told())).toBe('{"type":"license.renewed","timestamp":"2026-06-01T12:00:00.000Z","data":{"id":"lic_1","version":2}}');
  });

  it('is signed so that two libraries of others accept it, and nothing that was changed', () => {
    fc.assert(
      fc.property(secret, fc.jsonValue(), (key, value) => {
        const body = bodyOf(told({ value }));
        const headers = headersOf(told(), body, [key], noon);
        for (const Verifier of verifiers) {
          expect(() => void new Verifier(key).verify(body, headers)).not.toThrow();
          expect(() => new Verifier(key).verify(`${body} `, headers)).toThrow();
          expect(() => new Verifier(key).verify(body, { ...headers, 'webhook-id': 'evt_other' })).toThrow();
          expect(() => new Verifier(`whsec_${randomBytes(32).toString('base64')}`).verify(body, headers)).toThrow();
        }
      }),
      { numRuns: 50 },
    );
  });

  it('carries one signature for each secret, and each verifies alone', () => {
    const keys = ['a', 'b'].map((letter) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`);
    const event = told();
    const headers = headersOf(event, bodyOf(event), keys, noon);
    expect(headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
    for (const key of keys) for (const Verifier of verifiers) new Verifier(key).verify(bodyOf(event), headers);
  });

  it('has the same id and the same bytes on every try, and the time of the try', () => {
    const event = told();
    const [first, later] = [noon, inDays(3)].map((at) => headersOf(event, bodyOf(event), ['whsec_AA=='], at));
    expect(later!['webhook-id']).toBe(first!['webhook-id']);
    expect(first!['webhook-id']).toMatch(/^evt_/);
    expect([first!['webhook-timestamp'], later!['webhook-timestamp']]).toEqual(['1780315200', '1780574400']);
  });

  it('never has more than 20 KB: what does not fit is named, to be asked for', () => {
    const fits = told({ id: 'lic_1', version: 2, text: 'x'.repeat(20_000) });
    expect(bodyOf(fits).length).toBe(20_109);
    for (const text of ['x'.repeat(20_500), 'é'.repeat(10_240)])
      expect(JSON.parse(bodyOf(told({ id: 'lic_1', version: 2, text }))).data).toEqual({ id: 'lic_1', version: 2 });
  });
});
