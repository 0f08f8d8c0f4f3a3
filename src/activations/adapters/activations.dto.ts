import { IsIn } from 'class-validator';
import { IsLine, IsMetadata, Optional } from '../../../libs/http/dto-rules';
import { AnyBrandPageQuery } from '../../../libs/http/paging';
import { publicId } from '../../../libs/kernel/id';
import type { JsonObject, Metadata } from '../../../libs/kernel/json';
import { type LicenseState, SeatsObject, seatsOf } from '../../licenses';
import type { ActivationState } from '../domain/activation';
import type { Activated } from '../use-cases/activate-license';
import type { Deactivated } from '../use-cases/deactivate-instance';

export class DeactivateBody {
  /** However it was typed: case, spaces and hyphens do not matter. @example "DEMO-4H7QK-9ZC2M-T5XWB-0R8NJ-V3PDY-A7K2Q" */
  @IsLine(200)
  license_key!: string;

  /** @example "seo_pro" */
  @IsLine(64)
  product_code!: string;

  /** What the product calls the place it runs in: a site's address, a machine's fingerprint. @example "https://example.com" */
  @IsLine(255)
  instance_id!: string;
}

export class ActivateBody extends DeactivateBody {
  /** For people. @example "The shop" */
  @Optional()
  @IsLine(200)
  instance_name?: string;

  /** Up to 50 pairs of strings of your own. @example { "wp": "6.9" } */
  @Optional()
  @IsMetadata()
  metadata?: Metadata;
}

export class ActivationsQuery extends AnyBrandPageQuery {
  /** Shows the seats that were given back as well. @example "ended" */
  @Optional()
  @IsIn(['ended'])
  include?: 'ended';
}

export class ActivationObject {
  /** @example "act_06efg00000e0082000000000000" */
  id!: string;
  /** @example "lic_06efg00000e0082000000000000" */
  license_id!: string;
  /** @example "https://example.com" */
  instance_id!: string;
  /** @example "The shop" */
  instance_name!: string | null;
  /** @example { "wp": "6.9" } */
  metadata!: Record<string, string>;
  /** @example "2026-11-23T12:00:00.000Z" */
  activated_at!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  last_seen_at!: string;
  /** null while the seat is held. @example "2026-12-24T12:00:00.000Z" */
  deactivated_at!: string | null;
}

class ActivatedLicense {
  /** @example "lic_06efg00000e0082000000000000" */
  id!: string;
  /** @example "seo_pro" */
  product_code!: string;
  /** null: never. @example "2027-11-23T12:00:00.000Z" */
  expires_at!: string | null;
  seats!: SeatsObject;
  /** @example { "updates": true } */
  entitlements!: JsonObject;
}

export class ActivatedObject {
  activation!: ActivationObject;
  license!: ActivatedLicense;
}

export class DeactivatedObject {
  /** false when the instance held no seat. @example true */
  deactivated!: boolean;
  seats!: SeatsObject;
}

export const activationObject = (activation: ActivationState): ActivationObject => ({
  id: publicId('activation', activation.id),
  license_id: publicId('license', activation.licenseId),
  instance_id: activation.instanceId,
  instance_name: activation.instanceName,
  metadata: activation.metadata,
  activated_at: activation.activatedAt.toISOString(),
  last_seen_at: activation.lastSeenAt.toISOString(),
  deactivated_at: activation.deactivatedAt?.toISOString() ?? null,
});

const activatedLicense = (license: LicenseState): ActivatedLicense => ({
  id: publicId('license', license.id),
  product_code: license.productCode,
  expires_at: license.expiresAt?.toISOString() ?? null,
  seats: seatsOf(license),
  entitlements: license.entitlements,
});

export const activatedObject = ({ activation, license }: Activated): ActivatedObject => ({
  activation: activationObject(activation),
  license: activatedLicense(license),
});

export const deactivatedObject = ({ deactivated, license }: Deactivated): DeactivatedObject => ({ deactivated, seats: seatsOf(license) });
