import type { Evidence, KeyInHand } from '../../licenses';
import type { ActivationState } from '../domain/activation';

/** A seat that an instance holds, as a verdict tells of it. */
export type HeldSeat = Pick<ActivationState, 'id' | 'licenseId' | 'instanceId' | 'activatedAt'>;

/** What is known about a key at one moment. */
export interface OnRecord {
  /** The key's licenses; null when there is no such key. */
  readonly evidence: Evidence | null;
  /** The seats that the instance holds of them. */
  readonly seats: readonly HeldSeat[];
  readonly at: Date;
}

export abstract class Records {
  /** What is on record now, never what once was. Questions that come at the same time may share what that costs. */
  abstract about(key: KeyInHand, instanceId: string | undefined): Promise<OnRecord>;
}
