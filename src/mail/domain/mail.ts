import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { publicId } from '../../../libs/kernel/id';
import { MailIsSent, MailKeyForgotten } from './errors';
import { type MailEventFacts, MailFailed, MailRetried } from './events';
import { nextAttempt } from './schedule';

export type MailTemplate = 'key_issued' | 'renewed' | 'payment_failed' | 'expiring_soon' | 'key_reissued';
/** `failed`: nobody would take it, or it was refused for good. */
export type MailStatus = 'waiting' | 'sent' | 'failed';
export type MailFacts = Readonly<Record<string, string | number | null | readonly string[]>>;

export interface MailAsked {
  /** Names why it is sent, once and for ever, like `key_issued:<uuid>`; the same reason again queues nothing. Up to 255 characters. */
  readonly reason: string;
  readonly template: MailTemplate;
  readonly to: string;
  /** What the template tells, and no secret: plan, products, seats, expires_at, days_before, old_key_until, action_url. */
  readonly facts: MailFacts;
  /** The whole license key, for key_issued and key_reissued. Sealed until the mail is sent. */
  readonly licenseKey?: { readonly id: string; readonly text: string };
}

export interface MailState {
  readonly brandId: BrandId;
  readonly id: string;
  readonly reason: string;
  readonly template: MailTemplate;
  readonly recipient: string;
  readonly facts: MailFacts;
  readonly licenseKeyId: string | null;
  /** The license key; null when there is none, and once it is gone. */
  readonly sealed: Buffer | null;
  readonly status: MailStatus;
  /** How many were made. */
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  /** Names the claim of the sender that has it. */
  readonly lease: string | null;
  /** Until when that sender is taken to be alive. */
  readonly leasedUntil: Date | null;
  /** What became of the last attempt, in words; null when it went well. */
  readonly error: string | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
  readonly failedAt: Date | null;
}

/** What became of one attempt. */
export type Outcome =
  | { readonly kind: 'accepted' }
  /** For good: another attempt would be answered the same. */
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'deferred'; readonly error: string }
  /** Asked to come back after so many seconds: that is no attempt. */
  | { readonly kind: 'busy'; readonly error: string; readonly seconds: number };

/** For how long a claimed mail is left to its sender: longer than a sender ever takes, so that no two send it. */
export const leaseSeconds = 120;
const withKey: readonly MailTemplate[] = ['key_issued', 'key_reissued'];
const longestReason = 255;

/** A mail on its way to a customer. */
export class Mail extends Aggregate<MailState> {
  static ask(brandId: BrandId, id: string, asked: MailAsked, sealed: Buffer | null, at: Date): Mail {
    refuseMistakes(asked);
    return new Mail({
      brandId,
      id,
      reason: asked.reason,
      template: asked.template,
      recipient: asked.to,
      facts: asked.facts,
      licenseKeyId: asked.licenseKey?.id ?? null,
      sealed,
      status: 'waiting',
      attempts: 0,
      nextAttemptAt: at,
      lease: null,
      leasedUntil: null,
      error: null,
      createdAt: at,
      sentAt: null,
      failedAt: null,
    });
  }

  /** Who holds it in between is nobody's business. */
  override get changes(): Aggregate<MailState>['changes'] {
    return super.changes.filter(({ member }) => member !== 'lease' && member !== 'leasedUntil');
  }

  /** Whether it still waits for what the sender with that lease found out: else somebody took over. */
  isHeldBy(lease: string): boolean {
    return this.state.status === 'waiting' && this.state.lease === lease;
  }

  answered(outcome: Outcome, at: Date): void {
    const free = { lease: null, leasedUntil: null };
    const attempts = this.state.attempts + 1;
    switch (outcome.kind) {
      case 'accepted':
        return this.change({ ...free, status: 'sent', attempts, nextAttemptAt: null, error: null, sealed: null, sentAt: at });
      case 'refused':
        return this.fail(attempts, outcome.error, at);
      case 'busy':
        return this.change({ ...free, nextAttemptAt: secondsAfter(at, outcome.seconds), error: outcome.error });
      case 'deferred': {
        const nextAttemptAt = nextAttempt(attempts, at);
        if (!nextAttemptAt) return this.fail(attempts, outcome.error, at);
        return this.change({ ...free, attempts, nextAttemptAt, error: outcome.error });
      }
    }
  }

  /** Brings it forward, or begins anew with one that has failed. @throws MailIsSent, MailKeyForgotten */
  retry(at: Date): void {
    const { status, nextAttemptAt } = this.state;
    if (status === 'sent') throw new MailIsSent();
    if (status === 'failed' && this.state.licenseKeyId && !this.state.sealed) throw new MailKeyForgotten();
    if (status === 'failed') this.change({ status: 'waiting', attempts: 0, nextAttemptAt: at, failedAt: null });
    else if (nextAttemptAt! > at) this.change({ nextAttemptAt: at });
    this.record(new MailRetried(this.state.brandId, at, this.told()));
  }

  /** Its license key was replaced, so nobody is told that one any more. */
  keyReplaced(at: Date): void {
    if (this.state.status === 'waiting') this.fail(this.state.attempts, 'the license key was reissued before', at);
    this.change({ sealed: null });
  }

  private fail(attempts: number, error: string, at: Date): void {
    this.change({ status: 'failed', attempts, nextAttemptAt: null, lease: null, leasedUntil: null, error, failedAt: at });
    this.record(new MailFailed(this.state.brandId, at, this.told()));
  }

  private told(): MailEventFacts {
    const { id, template, licenseKeyId, status, attempts } = this.state;
    const license_key_id = licenseKeyId && publicId('licenseKey', licenseKeyId);
    return { id: publicId('mail', id), template, license_key_id, status, attempts };
  }
}

/** Mistakes of the module that asks; it finds them in its first test. */
function refuseMistakes({ reason, template, facts, licenseKey }: MailAsked): void {
  if (reason === '' || reason.length > longestReason) throw new Error(`The reason of a mail has 1 to ${longestReason} characters`);
  if (withKey.includes(template) !== (licenseKey !== undefined))
    throw new Error(`${withKey.join(' and ')} hand over a license key, others none`);
  if (licenseKey && `${reason} ${JSON.stringify(facts)}`.includes(licenseKey.text))
    throw new Error('The license key goes into licenseKey alone');
}
