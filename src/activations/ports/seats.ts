import type { HeldLicense, KeyInHand, LicenseState } from '../../licenses';
import type { Activation } from '../domain/activation';

/** Which seat is meant: of the key's license of a product, for the instance that asks. */
export interface SeatCall {
  readonly key: KeyInHand;
  readonly productCode: string;
  readonly instanceId: string;
}

/**
 * Counts on the license and changes the instance's activation, or refuses by throwing; answers the activation to keep, null when nothing
 * changes. It sees nothing else and does nothing else, so it may be asked a second time.
 * @param known the instance's activation of this license, be its seat held or ended; null when there never was one
 */
export type Decision = (license: HeldLicense, known: Activation | null, at: Date) => Activation | null;

export interface Decided {
  readonly license: LicenseState;
  /** The activation as it was decided; null when nothing changed. */
  readonly activation: Activation | null;
}

/** Where seats are given and given back, one decision after the other. */
export abstract class Seats {
  /**
   * Lets be decided about the license and the instance's activation while nobody else can change them, and keeps what was decided with its
   * events: all or nothing. Calls that come at the same time may share what that costs; none fails for another.
   * @throws LicenseNotFound, ProductMismatch, and what the decision throws
   */
  abstract decide(call: SeatCall, decision: Decision): Promise<Decided>;
}
