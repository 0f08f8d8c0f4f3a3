import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { newId } from '../../../libs/kernel/id';
import { nextAttempt, wishOf } from './schedule';

export type DeliveryCause = 'event' | 'test' | 'replay';
/** `failed`: every attempt was made, or the receiver said that it is gone; a dead letter. `cancelled`: its endpoint was disabled or removed before. */
export type DeliveryStatus = 'pending' | 'succeeded' | 'failed' | 'cancelled';

export interface DeliveryState {
  readonly brandId: BrandId;
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly cause: DeliveryCause;
  readonly status: DeliveryStatus;
  /** How many were made. */
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  /** Names the claim of the sender that has it. */
  readonly lease: string | null;
  /** Until when that sender is taken to be alive. */
  readonly leasedUntil: Date | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
}

/** What a receiver made of one try. */
export interface Answer {
  /** Of HTTP; null when there was none. */
  readonly status: number | null;
  /** Why there was none, in words. */
  readonly error: string | null;
  readonly latencyMs: number;
  /** The beginning of the body. */
  readonly text: string | null;
  readonly retryAfter: string | null;
  /** Why nothing was sent at all, which is no fault of the receiver's: the log has forgotten the event, or its secret does not open. */
  readonly unsent?: 'forgotten' | 'sealed';
}

export interface Attempt {
  readonly number: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly latencyMs: number;
  readonly answer: string | null;
  readonly attemptedAt: Date;
}

export const isSuccess = ({ status }: Answer): boolean => status !== null && status >= 200 && status < 300;
/** The receiver asks never to be called again. */
export const isGone = ({ status }: Answer): boolean => status === 410;
const isFinal = (answer: Answer): boolean => isSuccess(answer) || isGone(answer) || answer.unsent === 'forgotten';

/** For how long a claimed delivery is left to its sender, which renews that while it lives; so one that died holds nothing up for long. */
export const leaseSeconds = 5;

/** An event on its way to an endpoint. */
export class Delivery extends Aggregate<DeliveryState> {
  static of(
    endpoint: { readonly brandId: BrandId; readonly id: string },
    event: { id: string; type: string },
    cause: DeliveryCause,
    at: Date,
  ) {
    return new Delivery({
      brandId: endpoint.brandId,
      id: newId(),
      endpointId: endpoint.id,
      eventId: event.id,
      eventType: event.type,
      cause,
      status: 'pending',
      attempts: 0,
      nextAttemptAt: at,
      lease: null,
      leasedUntil: null,
      createdAt: at,
      settledAt: null,
    });
  }

  /** Whether it still waits for what the sender with that lease found out: else somebody took over, or it was cancelled. */
  isHeldBy(lease: string): boolean {
    return this.state.status === 'pending' && this.state.lease === lease;
  }

  /** @param tried when the attempt began @param chance of 0 to 1, for the spread of the schedule */
  answered(answer: Answer, tried: Date, at: Date, chance: number): Attempt {
    const number = this.state.attempts + 1;
    const again = isFinal(answer) ? null : nextAttempt(number, at, chance, wishOf(answer.retryAfter, at));
    const status = isSuccess(answer) ? 'succeeded' : again ? 'pending' : 'failed';
    this.change({ status, attempts: number, nextAttemptAt: again, lease: null, leasedUntil: null, settledAt: again ? null : at });
    return { number, status: answer.status, error: answer.error, latencyMs: answer.latencyMs, answer: answer.text, attemptedAt: tried };
  }
}
