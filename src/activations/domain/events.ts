import { DomainEvent, EventType } from '../../../libs/kernel/domain-event';

/** Which seat, of which license, and the license's seats afterwards. */
export interface SeatFacts {
  readonly id: string;
  readonly license_id: string;
  readonly license_version: number;
  readonly product_code: string;
  readonly instance_id: string;
  readonly seats: { readonly limit: number | null; readonly used: number; readonly remaining: number | null };
}

const aSeat: SeatFacts = {
  id: 'act_06efg00000e0082000000000000',
  license_id: 'lic_06efg00000e0082000000000000',
  license_version: 5,
  product_code: 'seo_pro',
  instance_id: 'https://shop.example',
  seats: { limit: 3, used: 1, remaining: 2 },
};

@EventType('license.activated', 'An instance took a seat.', aSeat)
export class LicenseActivated extends DomainEvent<SeatFacts> {}
@EventType('seat.deactivated', 'An instance gave its seat back, or somebody freed it.', {
  ...aSeat,
  license_version: 6,
  seats: { limit: 3, used: 0, remaining: 3 },
})
export class SeatDeactivated extends DomainEvent<SeatFacts> {}
