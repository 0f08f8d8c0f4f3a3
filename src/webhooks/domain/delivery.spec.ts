import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { aDelivery, inDays, noon } from '../../../test/fixtures/aggregates';
import type { Answer } from './delivery';

const lease = newId();
const answer = (part: Partial<Answer>): Answer => ({ status: null, error: null, latencyMs: 12, text: null, retryAfter: null, ...part });
const leased = (attempts = 0) => aDelivery({ attempts, lease, leasedUntil: secondsAfter(noon, 5) });

describe('A delivery', () => {
  it.each([200, 201, 204, 299])('has arrived with %i', (status) => {
    const delivery = leased();
    const attempt = delivery.answered(answer({ status, text: 'ok' }), noon, inDays(1), 0.5);
    expect(attempt).toEqual({ number: 1, status, error: null, latencyMs: 12, answer: 'ok', attemptedAt: noon });
    expect(delivery.state).toMatchObject({
      status: 'succeeded',
      attempts: 1,
      nextAttemptAt: null,
      leasedUntil: null,
      settledAt: inDays(1),
    });
  });

  it.each([100, 199, 300, 301, 307, 400, 404, 429, 500, 503, null])('is tried again after %s', (status) => {
    const delivery = leased();
    delivery.answered(answer({ status }), noon, noon, 0.5);
    expect(delivery.state).toMatchObject({
      status: 'pending',
      attempts: 1,
      nextAttemptAt: secondsAfter(noon, 5),
      leasedUntil: null,
      settledAt: null,
    });
  });

  it('waits as long as it is asked to', () => {
    const delivery = leased();
    delivery.answered(answer({ status: 429, retryAfter: '3600' }), noon, noon, 0.5);
    expect(delivery.state.nextAttemptAt).toEqual(secondsAfter(noon, 3600));
  });

  it('is a dead letter after the tenth failure, and at once when the receiver is gone', () => {
    const [last, gone] = [leased(9), leased()];
    last.answered(answer({ status: 500 }), noon, noon, 0.5);
    gone.answered(answer({ status: 410 }), noon, noon, 0.5);
    for (const { state } of [last, gone]) expect(state).toMatchObject({ status: 'failed', nextAttemptAt: null, settledAt: noon });
  });

  it('is a dead letter at once when its event is forgotten; a secret that does not open now may open later', () => {
    const [forgotten, sealed] = [leased(), leased()];
    forgotten.answered(answer({ unsent: 'forgotten', error: 'gone' }), noon, noon, 0.5);
    sealed.answered(answer({ unsent: 'sealed', error: 'sealed' }), noon, noon, 0.5);
    expect(forgotten.state).toMatchObject({ status: 'failed', nextAttemptAt: null, settledAt: noon });
    expect(sealed.state).toMatchObject({ status: 'pending', nextAttemptAt: secondsAfter(noon, 5) });
  });

  it('belongs to whoever has the last lease, for as long as it waits', () => {
    expect(leased().isHeldBy(lease)).toBe(true);
    expect(leased().isHeldBy(newId())).toBe(false);
    expect(aDelivery().isHeldBy(lease)).toBe(false);
    const settled = leased();
    settled.answered(answer({ status: 200 }), noon, noon, 0.5);
    expect(settled.isHeldBy(lease)).toBe(false);
  });
});
