import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { acme, anEndpoint, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import type { Answer } from './delivery';
import { maxEndpoints, WebhookEndpoint } from './endpoint';
import { EndpointDisabled, EndpointsFull } from './errors';

const answer = (status: number | null): Answer => ({ status, error: null, latencyMs: 1, text: null, retryAfter: null });
const wanted = { url: 'https://shop.example/', eventTypes: ['*'], description: null };
const create = (others: number) => WebhookEndpoint.create(acme, newId(), wanted, others, Buffer.from('sealed'), noon);

describe('A webhook endpoint', () => {
  it('begins enabled, and tells of itself without its secret', () => {
    const endpoint = create(maxEndpoints - 1);
    expect(endpoint.state).toMatchObject({ status: 'enabled', version: 1, failingSince: null, deletedAt: null });
    const [event] = endpoint.releaseEvents();
    expect(event).toMatchObject({ type: 'webhook_endpoint.created', occurredAt: noon });
    expect(Object.keys(event!.data)).toEqual(['id', 'version', 'origin', 'event_types', 'status']);
  });

  it('is refused when the brand has its fill', () => {
    expect(() => create(maxEndpoints)).toThrow(EndpointsFull);
  });

  it('is changed once: saying the same again changes nothing', () => {
    const endpoint = anEndpoint();
    for (const at of [inDays(1), inDays(2)]) endpoint.update({ url: 'https://other.example/', status: 'enabled' }, at);
    expect(endpoint.state).toMatchObject({ url: 'https://other.example/', version: 2, updatedAt: inDays(1) });
    expect(happened(endpoint)).toEqual(['webhook_endpoint.updated']);
  });

  it('is switched off and on again, with a clean slate', () => {
    const endpoint = anEndpoint({ failingSince: noon, lastFailureAt: noon, slow: true });
    endpoint.update({ status: 'disabled' }, inDays(1));
    expect(endpoint.state).toMatchObject({ status: 'disabled', disabledReason: 'requested', version: 2 });
    endpoint.update({ status: 'disabled' }, inDays(1));
    endpoint.update({ status: 'enabled' }, inDays(2));
    expect(endpoint.state).toMatchObject({ status: 'enabled', disabledReason: null, enabledAt: inDays(2), version: 3 });
    expect(endpoint.state).toMatchObject({ failingSince: null, lastFailureAt: null, slow: false });
    expect(happened(endpoint)).toEqual(['webhook_endpoint.disabled', 'webhook_endpoint.enabled']);
  });

  it('keeps the old secret for the overlap, and none without one', () => {
    const [endpoint, abrupt] = [anEndpoint(), anEndpoint()];
    const before = endpoint.state.secret;
    endpoint.rotate(Buffer.from('new'), 60, noon);
    expect(endpoint.state).toMatchObject({ secret: Buffer.from('new'), previousSecret: before, previousUntil: secondsAfter(noon, 60) });
    abrupt.rotate(Buffer.from('new'), 0, noon);
    expect(abrupt.state).toMatchObject({ previousSecret: null, previousUntil: null });
    expect(JSON.stringify(endpoint.releaseEvents())).not.toContain(Buffer.from('new').toString('base64'));
  });

  it('remembers since when it fails, until it works again', () => {
    const endpoint = anEndpoint();
    for (const [status, at] of [
      [500, 0],
      [null, 1],
      [404, 2],
    ] as const)
      endpoint.answered(answer(status), inDays(at));
    expect(endpoint.state).toMatchObject({ failingSince: noon, version: 1 });
    endpoint.answered(answer(204), inDays(3));
    expect(endpoint.state).toMatchObject({ failingSince: null, lastFailureAt: null });
    expect(happened(endpoint)).toEqual([]);
  });

  it('has not been failing while nothing was tried: after more than any wait of the schedule, that begins anew', () => {
    const endpoint = anEndpoint({ failingSince: noon, lastFailureAt: inDays(3) });
    endpoint.answered(answer(500), secondsAfter(inDays(3), 29 * 3_600));
    expect(endpoint.state.failingSince).toEqual(noon);
    endpoint.answered(answer(500), inDays(30));
    expect(endpoint.state).toMatchObject({ status: 'enabled', failingSince: inDays(30), lastFailureAt: inDays(30) });
  });

  it('is taken for slow after an answer that took more than two seconds, until the next that does not', () => {
    const endpoint = anEndpoint();
    const slow = () => endpoint.state.slow;
    const seen = [2_000, 2_001, 5_000, 10].map((latencyMs) => (endpoint.answered({ ...answer(200), latencyMs }, noon), slow()));
    expect(seen).toEqual([false, true, true, false]);
  });

  it.each(['forgotten', 'sealed'] as const)('is not to blame for what was not sent: %s', (unsent) => {
    const endpoint = anEndpoint();
    endpoint.answered({ ...answer(null), unsent }, noon);
    expect(endpoint.changes).toEqual([]);
  });

  it('tells whoever sees what changed of the origin of its address alone', () => {
    const endpoint = anEndpoint({ url: 'https://shop.example/hooks/token?key=token' });
    endpoint.update({ url: 'https://other.example:8443/token' }, noon);
    const told = JSON.stringify([endpoint.changes, endpoint.releaseEvents(), create(0).changes]);
    expect(told).not.toContain('token');
    expect(endpoint.changes).toContainEqual({ member: 'origin', before: 'https://shop.example', after: 'https://other.example:8443' });
  });

  it('is disabled after five days of nothing but failures, not a moment earlier', () => {
    const endpoint = anEndpoint({ failingSince: noon, lastFailureAt: inDays(4) });
    endpoint.answered(answer(500), secondsAfter(inDays(5), -1));
    expect(endpoint.isEnabled).toBe(true);
    endpoint.answered(answer(500), inDays(5));
    expect(endpoint.state).toMatchObject({ status: 'disabled', disabledReason: 'failing', failingSince: noon, version: 2 });
    expect(endpoint.releaseEvents()).toMatchObject([
      { type: 'webhook_endpoint.disabled', data: { reason: 'failing', status: 'disabled' } },
    ]);
  });

  it('is disabled at once when it says that it is gone, and told so once', () => {
    const endpoint = anEndpoint();
    for (const status of [410, 410, 500]) endpoint.answered(answer(status), noon);
    expect(endpoint.state).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    expect(happened(endpoint)).toEqual(['webhook_endpoint.disabled']);
  });

  it('is sent nothing while it is disabled, not even a test', () => {
    expect(() => anEndpoint({ status: 'disabled' }).test(noon)).toThrow(EndpointDisabled);
    const endpoint = anEndpoint();
    const { id, type } = endpoint.test(noon);
    expect(endpoint.releaseEvents()).toMatchObject([{ id, type: 'webhook_endpoint.test' }]);
    expect(type).toBe('webhook_endpoint.test');
  });

  it('keeps no secret once it is deleted', () => {
    const endpoint = anEndpoint({ previousSecret: Buffer.from('old'), previousUntil: inDays(1) });
    endpoint.delete(noon);
    expect(endpoint.state).toMatchObject({
      status: 'disabled',
      disabledReason: 'deleted',
      deletedAt: noon,
      secret: null,
      previousSecret: null,
    });
    expect(happened(endpoint)).toEqual(['webhook_endpoint.deleted']);
  });
});
