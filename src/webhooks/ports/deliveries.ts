import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import type { Attempt, Delivery } from '../domain/delivery';
import type { Told } from '../domain/message';

/** A delivery that is a sender's to try, with all that the try needs. */
export interface Claimed {
  readonly brandId: BrandId;
  readonly id: string;
  readonly endpointId: string;
  readonly url: string;
  /** Sealed, those that sign: the present one, and during an overlap the one before. */
  readonly secrets: readonly Buffer[];
  /** Whether the endpoint was failing before, or slow. */
  readonly hindered: boolean;
  /** null when the log has forgotten it. */
  readonly event: Told | null;
  readonly claimedAt: Date;
  /** Names the claim: under another one somebody has taken over. */
  readonly lease: string;
}

/** How many deliveries may be claimed: of endpoints that work well, and of those that are failing or slow. */
export interface Room {
  readonly working: number;
  readonly hindered: number;
}

/** How many tries of one endpoint are under way at once, over all senders. */
export const atOnce = { working: 4, failing: 1 } as const;
/** And how many of one brand in either room, about: two senders that look at the same moment may go beyond it together. */
export const ofBrand: Room = { working: 40, hindered: 20 };

export abstract class Deliveries {
  /** An endpoint gets an event once, however often it is added with the cause `event`. */
  abstract add(deliveries: readonly Delivery[]): Promise<void>;
  /** Sends these events once more, at once; a delivery that still waits is brought forward instead. */
  abstract replay(endpoint: Replayed, events: readonly PastEvent[], at: Date): Promise<void>;
  /**
   * Leases what is due at enabled endpoints and was queued since they are, the longest due first; what another sender is claiming just
   * now is left to it.
   */
  abstract claim(reach: AllBrands, room: Room, at: Date): Promise<Claimed[]>;
  /** Leaves to their sender for longer what is still its own. */
  abstract renew(reach: AllBrands, claimed: readonly Claimed[], at: Date): Promise<void>;
  /** Held until the unit of work ends. */
  abstract hold(brandId: BrandId, id: string): Promise<Delivery | null>;
  abstract save(delivery: Delivery, attempt: Attempt): Promise<void>;
  /** Whether anything is due at that endpoint that nobody has claimed. */
  abstract anyDue(brandId: BrandId, endpointId: string, at: Date): Promise<boolean>;
}

/** The endpoint of a replay. */
export interface Replayed {
  readonly brandId: BrandId;
  readonly id: string;
  readonly enabledAt: Date;
}

/** An event of the log, as far as a replay needs to know it. */
export interface PastEvent {
  readonly id: string;
  readonly type: string;
}
