import { DomainEvent, EventType } from '../../../libs/kernel/domain-event';
import type { JsonObject } from '../../../libs/kernel/json';

interface LicenseKeyFacts {
  readonly id: string;
  readonly hint: string;
}

const aKey: LicenseKeyFacts = { id: 'key_06efg00000e0082000000000000', hint: 'DEMO-…-7K2QF' };

@EventType('license_key.created', 'A customer got a license key.', aKey)
export class LicenseKeyCreated extends DomainEvent<LicenseKeyFacts> {}
@EventType('license_key.reissued', 'A new license key took the place of another; the old one works until `previous_until`.', {
  ...aKey,
  previous_until: '2026-11-24T12:00:00.000Z',
})
export class LicenseKeyReissued extends DomainEvent<LicenseKeyFacts & { readonly previous_until: string }> {}

/** The license as it is afterwards. Whose it is can be looked up by whoever may. */
export interface LicenseFacts {
  readonly id: string;
  readonly version: number;
  readonly license_key_id: string;
  readonly product_code: string;
  readonly status: string;
  readonly starts_at: string | null;
  readonly expires_at: string | null;
  readonly grace_until: string | null;
  readonly seats: { readonly limit: number | null; readonly used: number; readonly remaining: number | null };
  readonly entitlements: JsonObject;
  readonly reason?: string;
}

const aLicense: LicenseFacts = {
  id: 'lic_06efg00000e0082000000000000',
  version: 1,
  license_key_id: 'key_06efg00000e0082000000000000',
  product_code: 'seo_pro',
  status: 'valid',
  starts_at: null,
  expires_at: '2027-11-23T12:00:00.000Z',
  grace_until: '2027-11-30T12:00:00.000Z',
  seats: { limit: 3, used: 0, remaining: 3 },
  entitlements: { updates: true },
};

@EventType('license.provisioned', 'A customer got a license.', aLicense)
export class LicenseProvisioned extends DomainEvent<LicenseFacts> {}
@EventType('license.updated', 'The seat limit, the entitlements or the notes of a license were changed.', { ...aLicense, version: 2 })
export class LicenseUpdated extends DomainEvent<LicenseFacts> {}
@EventType('license.renewed', 'The end of a license was moved further away.', { ...aLicense, version: 2 })
export class LicenseRenewed extends DomainEvent<LicenseFacts> {}
@EventType('license.grace_extended', 'A license works for longer after its end: until `grace_until`.', { ...aLicense, version: 2 })
export class LicenseGraceExtended extends DomainEvent<LicenseFacts> {}
@EventType('license.suspended', 'A license was paused: it is not valid until it is resumed.', {
  ...aLicense,
  version: 2,
  status: 'suspended',
  reason: 'chargeback',
})
export class LicenseSuspended extends DomainEvent<LicenseFacts> {}
@EventType('license.resumed', 'A license that was suspended is valid again.', { ...aLicense, version: 3 })
export class LicenseResumed extends DomainEvent<LicenseFacts> {}
@EventType('license.cancelled', 'A license was ended for good.', { ...aLicense, version: 2, status: 'cancelled' })
export class LicenseCancelled extends DomainEvent<LicenseFacts> {}

@EventType(
  'license.expiring_soon',
  'The end of a license is `days_before` days away, or was when nobody looked. Renewing it begins anew.',
  {
    ...aLicense,
    days_before: 7,
  },
)
export class LicenseExpiringSoon extends DomainEvent<LicenseFacts & { readonly days_before: number }> {}
@EventType('license.expired', 'The end of a license has come. It still works until `grace_until`, if there is one.', aLicense)
export class LicenseExpired extends DomainEvent<LicenseFacts> {}
@EventType('license.grace_ended', 'The days of grace of a license are over: it works no longer.', aLicense)
export class LicenseGraceEnded extends DomainEvent<LicenseFacts> {}
