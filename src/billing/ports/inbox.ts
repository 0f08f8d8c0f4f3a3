import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import type { Replay } from '../domain/replay';

/** `waiting`: to be processed. `ignored`: concerns no license. `set_aside`: cannot be processed; a person has to look. */
export type InboxStatus = 'waiting' | 'done' | 'ignored' | 'set_aside';

/** An event as the provider sent it. */
export interface InboxEvent {
  readonly brandId: BrandId;
  /** The provider's. */
  readonly id: string;
  readonly type: string;
  /** The purchase or payment that it is about, as the provider names it. */
  readonly subject: string | null;
  readonly body: Buffer;
  readonly status: InboxStatus;
  readonly error: string | null;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  /** By the provider's clock. */
  readonly createdAt: Date | null;
  readonly receivedAt: Date;
  readonly processedAt: Date | null;
}

/** All that waits about one purchase or payment, in the hands of one worker until its lease is over. */
export interface ClaimedSubject {
  readonly brandId: BrandId;
  readonly subject: string;
  readonly lease: string;
  readonly events: readonly InboxEvent[];
}

/** What became of an event. */
export type Outcome =
  | { readonly id: string; readonly status: 'done' | 'ignored' }
  | { readonly id: string; readonly status: 'set_aside'; readonly error: string }
  /** Once more at that time; about something else, if it was found out what. */
  | {
      readonly id: string;
      readonly status: 'waiting';
      readonly error: string | null;
      readonly nextAttemptAt: Date;
      readonly subject?: string;
    };

/** What the provider sent, kept until it is processed and for a while after. */
export abstract class Inbox {
  /** Answers false when the event is there already. */
  abstract add(event: InboxEvent): Promise<boolean>;
  /** Up to so many purchases or payments about which something is due and at which nobody looks; leased for so long. */
  abstract claim(reach: AllBrands, limit: number, leaseSeconds: number, at: Date): Promise<ClaimedSubject[]>;
  /** Takes a lease on a purchase about which nothing has to wait; null: somebody else looks at it. */
  abstract lease(brandId: BrandId, subject: string, leaseSeconds: number, at: Date): Promise<ClaimedSubject | null>;
  /** Whether the lease still holds; it is kept until the unit of work ends. */
  abstract holds(claimed: ClaimedSubject): Promise<boolean>;
  /** Writes down what became of events, and ends the lease. */
  abstract settle(claimed: ClaimedSubject, outcomes: readonly Outcome[], at: Date): Promise<void>;
  abstract find(brandId: BrandId, id: string): Promise<InboxEvent | null>;
  /** Has the event processed again, as if it had come just now. */
  abstract replay(replay: Replay, at: Date): Promise<void>;
  /** Makes due at once what waits about these. */
  abstract hurry(brandId: BrandId, subjects: readonly string[], at: Date): Promise<void>;
}
