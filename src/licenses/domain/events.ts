import { DomainEvent } from '../../../libs/kernel/domain-event';
import type { JsonObject } from '../../../libs/kernel/json';

interface LicenseKeyFacts {
  readonly id: string;
  readonly hint: string;
}

export class LicenseKeyCreated extends DomainEvent<LicenseKeyFacts> {
  readonly type = 'license_key.created';
}
export class LicenseKeyReissued extends DomainEvent<LicenseKeyFacts & { readonly previous_until: string }> {
  readonly type = 'license_key.reissued';
}

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

export class LicenseProvisioned extends DomainEvent<LicenseFacts> {
  readonly type = 'license.provisioned';
}
export class LicenseUpdated extends DomainEvent<LicenseFacts> {
  readonly type = 'license.updated';
}
export class LicenseRenewed extends DomainEvent<LicenseFacts> {
  readonly type = 'license.renewed';
}
export class LicenseSuspended extends DomainEvent<LicenseFacts> {
  readonly type = 'license.suspended';
}
export class LicenseResumed extends DomainEvent<LicenseFacts> {
  readonly type = 'license.resumed';
}
export class LicenseCancelled extends DomainEvent<LicenseFacts> {
  readonly type = 'license.cancelled';
}
