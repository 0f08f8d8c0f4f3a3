import { DomainEvent } from '../../../libs/kernel/domain-event';

/** Which seat, of which license, and the license's seats afterwards. */
export interface SeatFacts {
  readonly id: string;
  readonly license_id: string;
  readonly license_version: number;
  readonly product_code: string;
  readonly instance_id: string;
  readonly seats: { readonly limit: number | null; readonly used: number; readonly remaining: number | null };
}

export class LicenseActivated extends DomainEvent<SeatFacts> {
  readonly type = 'license.activated';
}
export class SeatDeactivated extends DomainEvent<SeatFacts> {
  readonly type = 'seat.deactivated';
}
