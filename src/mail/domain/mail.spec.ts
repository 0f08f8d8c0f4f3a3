import { newId, publicId } from '../../../libs/kernel/id';
import { acme, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import { aMail } from '../../../test/fixtures/mails';
import { secondsAfter } from '../../../libs/kernel/clock';
import { Mail, type MailAsked, type Outcome } from './mail';
import { delays, nextAttempt } from './schedule';

const deferred: Outcome = { kind: 'deferred', error: 'no answer' };
const refused: Outcome = { kind: 'refused', error: 'user unknown' };
const withKey = { licenseKeyId: newId(), sealed: Buffer.from('sealed') };
const asked: MailAsked = { reason: 'renewed:1', template: 'renewed', to: 'jane@example.com', facts: { plan: 'Pro' } };
const handingOver: MailAsked = { ...asked, template: 'key_issued', licenseKey: { id: newId(), text: 'ACME-SECRET-KEY' } };

describe('A mail', () => {
  it('waits to be sent at once when it is asked for', () => {
    const mail = Mail.ask(acme, newId(), handingOver, Buffer.from('sealed'), noon);
    expect(mail.state).toMatchObject({ status: 'waiting', nextAttemptAt: noon, licenseKeyId: handingOver.licenseKey!.id, attempts: 0 });
  });

  it.each<[string, Partial<MailAsked>]>([
    ['without a reason', { reason: '' }],
    ['with an endless reason', { reason: 'x'.repeat(256) }],
    ['that should hand over a key, and has none', { template: 'key_issued' }],
    ['that hands over a key without need', { licenseKey: handingOver.licenseKey! }],
    ['that tells a key in its facts', { ...handingOver, facts: { plan: 'ACME-SECRET-KEY' } }],
    ['that tells a key in its reason', { ...handingOver, reason: 'key_issued:ACME-SECRET-KEY' }],
  ])('is not asked for %s', (_, part) => {
    expect(() => Mail.ask(acme, newId(), { ...asked, ...part }, null, noon)).toThrow();
  });

  it('forgets its license key as soon as it is sent', () => {
    const mail = aMail({ ...withKey, lease: newId(), leasedUntil: inDays(1), error: 'no answer' });
    mail.answered({ kind: 'accepted' }, inDays(1));
    expect(mail.state).toMatchObject({ status: 'sent', sentAt: inDays(1), sealed: null, error: null, lease: null, nextAttemptAt: null });
    expect(happened(mail)).toEqual([]);
  });

  it('is tried for three days, then given up', () => {
    const mail = aMail(withKey);
    const gaps: number[] = [];
    while (mail.state.status === 'waiting') {
      const at = mail.state.nextAttemptAt!;
      mail.answered(deferred, at);
      if (mail.state.nextAttemptAt) gaps.push((mail.state.nextAttemptAt.getTime() - at.getTime()) / 1000);
    }
    expect(gaps.slice(0, 6)).toEqual([5, 30, 120, 600, 1_800, 3_600]);
    expect(gaps).toEqual(delays);
    expect(mail.state).toMatchObject({ status: 'failed', attempts: 78, error: 'no answer', nextAttemptAt: null });
    expect(mail.state.failedAt!.getTime()).toBeGreaterThan(inDays(3).getTime());
    expect(mail.state.sealed).toEqual(withKey.sealed);
    expect(happened(mail)).toEqual(['mail.failed']);
    expect(nextAttempt(78, noon)).toBeNull();
  });

  it('is given up at once when it is refused', () => {
    const mail = aMail();
    mail.answered(refused, noon);
    expect(mail.state).toMatchObject({ status: 'failed', attempts: 1, error: 'user unknown', failedAt: noon });
    expect(happened(mail)).toEqual(['mail.failed']);
  });

  it('comes back when it was asked to, which counts for nothing', () => {
    const mail = aMail({ attempts: 3 });
    mail.answered({ kind: 'busy', error: 'too many', seconds: 2 }, noon);
    expect(mail.state).toMatchObject({ status: 'waiting', attempts: 3, nextAttemptAt: secondsAfter(noon, 2), error: 'too many' });
  });

  it('is only the sender’s who holds it', () => {
    const lease = newId();
    expect(aMail({ lease }).isHeldBy(lease)).toBe(true);
    expect(aMail({ lease: newId() }).isHeldBy(lease)).toBe(false);
    expect(aMail({ lease, status: 'failed' }).isHeldBy(lease)).toBe(false);
  });

  it('is brought forward when somebody asks, never put off', () => {
    const [later, due] = [aMail({ attempts: 9, nextAttemptAt: inDays(1) }), aMail({ nextAttemptAt: inDays(-1) })];
    for (const mail of [later, due]) mail.retry(noon);
    expect(later.state).toMatchObject({ status: 'waiting', nextAttemptAt: noon, attempts: 9 });
    expect(due.state.nextAttemptAt).toEqual(inDays(-1));
    expect([...happened(later), ...happened(due)]).toEqual(['mail.retried', 'mail.retried']);
  });

  it('begins anew when it has failed, as long as its license key is there', () => {
    const failed = { status: 'failed', attempts: 78, nextAttemptAt: null, failedAt: noon, error: 'no answer' } as const;
    for (const part of [{}, withKey]) {
      const mail = aMail({ ...failed, ...part });
      mail.retry(inDays(1));
      expect(mail.state).toMatchObject({ status: 'waiting', attempts: 0, nextAttemptAt: inDays(1), failedAt: null });
    }
    const keyless = aMail({ ...failed, ...withKey, sealed: null });
    expect(() => keyless.retry(noon)).toThrow('no longer kept');
  });

  it('is never sent twice', () => {
    const mail = aMail({ status: 'sent', sentAt: noon, nextAttemptAt: null });
    expect(() => mail.retry(noon)).toThrow('was sent');
  });

  it('is not sent any more when its license key was replaced', () => {
    const [waiting, failed] = [aMail(withKey), aMail({ ...withKey, status: 'failed', nextAttemptAt: null, failedAt: noon })];
    for (const mail of [waiting, failed]) mail.keyReplaced(inDays(1));
    expect(waiting.state).toMatchObject({
      status: 'failed',
      sealed: null,
      failedAt: inDays(1),
      error: expect.stringContaining('reissued'),
    });
    expect(failed.state).toMatchObject({ status: 'failed', sealed: null, failedAt: noon });
    expect([happened(waiting), happened(failed)]).toEqual([['mail.failed'], []]);
  });

  it('tells of itself without telling to whom it goes', () => {
    const mail = aMail(withKey);
    mail.answered(refused, noon);
    const [event] = mail.releaseEvents();
    expect(event!.data).toEqual({
      id: publicId('mail', mail.state.id),
      ...{ template: 'renewed', license_key_id: publicId('licenseKey', withKey.licenseKeyId), status: 'failed', attempts: 1 },
    });
    expect(mail.changes.map(({ member }) => member)).not.toContain('lease');
  });
});
