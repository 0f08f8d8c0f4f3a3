import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsEmail, IsIn, IsInt, IsObject, Max, Min, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import {
  IsEntitlements,
  IsInstant,
  IsLine,
  IsMetadata,
  maxDays,
  maxSeats,
  Optional,
  OptionalOrNull,
  Normalised,
} from '../../../libs/http/dto-rules';
import { AnyBrandPageQuery } from '../../../libs/http/paging';
import { publicId } from '../../../libs/kernel/id';
import type { JsonObject, Metadata } from '../../../libs/kernel/json';
import { graceUntil, type LicenseOrigin, type LicenseState, type LicenseStatus, seatsOf } from '../domain/license';
import type { LicenseKeyState } from '../domain/license-key';
import type { Provisioned } from '../use-cases/provision-licenses';
import type { Reissued } from '../use-cases/reissue-license-key';

const statuses = ['valid', 'suspended', 'cancelled'] as const;

export class GrantBody {
  /** @example "seo_pro" */
  @IsLine(64)
  product_code!: string;

  /** Absent: the product's; null: as many as are asked for. @example 3 */
  @OptionalOrNull()
  @Max(maxSeats)
  @Min(1)
  @IsInt()
  seat_limit?: number | null;

  /** Absent: counted by the product's days; null: never. @example "2027-12-31T23:59:59Z" */
  @OptionalOrNull()
  @IsInstant()
  expires_at?: string | null;

  /** Absent or null: now. @example "2026-11-23T12:00:00.000Z" */
  @OptionalOrNull()
  @IsInstant()
  starts_at?: string | null;

  /** Absent: the product's. A JSON object of at most 8 KB. @example { "updates": true } */
  @Optional()
  @IsEntitlements()
  entitlements?: JsonObject;

  /** Up to 50 pairs of strings of your own. @example { "order": "1001" } */
  @Optional()
  @IsMetadata()
  metadata?: Metadata;
}

export class ProvisionBody {
  /** @example "jane@example.com" */
  @Normalised()
  @IsEmail(undefined, { message: '$property must be an e-mail address' })
  customer_email!: string;

  /** Adds the licenses to this key: the key itself or its id. Absent: a new key is made. @example "key_06efg00000e0082000000000000" */
  @Optional()
  @IsLine(100)
  license_key?: string;

  /** One for each product, up to 50. */
  @ValidateNested({ each: true, message: 'licenses must hold objects' })
  @IsObject({ each: true, message: 'licenses must hold objects' })
  @ArrayMaxSize(50)
  @ArrayNotEmpty()
  @IsArray()
  @Type(() => GrantBody)
  licenses!: GrantBody[];
}

export class UpdateLicenseBody {
  /** Below the seats in use it ends none of them and refuses new ones; null: as many as are asked for. @example 5 */
  @OptionalOrNull()
  @Max(maxSeats)
  @Min(1)
  @IsInt()
  seat_limit?: number | null;

  /** Replaces what was there. @example { "updates": true, "sites": 5 } */
  @Optional()
  @IsEntitlements()
  entitlements?: JsonObject;

  /** Merged; null deletes a pair. @example { "order": "1002" } */
  @Optional()
  @IsMetadata({ nulls: true })
  metadata?: Record<string, string | null>;
}

export class SetStatusBody {
  /** `suspended` pauses, `valid` resumes, `cancelled` ends for good. @example "suspended" */
  @IsIn(statuses)
  status!: LicenseStatus;

  /** Kept with the event. @example "chargeback on order 1001" */
  @Optional()
  @IsLine(500)
  reason?: string;
}

/** One of the two. */
export class RenewBody {
  /** The new end; null: never. @example "2028-12-31T23:59:59Z" */
  @OptionalOrNull()
  @IsInstant()
  expires_at?: string | null;

  /** Days on top of the present end, or of now when that has passed. @example 365 */
  @Optional()
  @Max(maxDays)
  @Min(1)
  @IsInt()
  extend_days?: number;
}

export class ExtendGraceBody {
  /** Days on top of the present grace, or from now on when that has passed. @example 14 */
  @Max(365)
  @Min(1)
  @IsInt()
  extend_days!: number;

  /** Kept with the audit log. @example "pays by bank transfer" */
  @Optional()
  @IsLine(500)
  reason?: string;
}

export class ReissueBody {
  /** For how long the old key still works: 0 (at once) to 2592000 (30 days). Absent: 0. @example 86400 */
  @Optional()
  @Max(2_592_000)
  @Min(0)
  @IsInt()
  overlap_seconds?: number;
}

export class CustomerQuery extends AnyBrandPageQuery {
  /** @example "jane@example.com" */
  @Normalised()
  @IsEmail(undefined, { message: '$property must be an e-mail address' })
  email!: string;
}

export class LicensesQuery extends AnyBrandPageQuery {
  /** The customer's. @example "jane@example.com" */
  @Optional()
  @Normalised()
  @IsEmail(undefined, { message: '$property must be an e-mail address' })
  email?: string;

  /** Of this product code. @example "seo_pro" */
  @Optional()
  @IsLine(64)
  product?: string;

  /** @example "valid" */
  @Optional()
  @IsIn(statuses)
  status?: LicenseStatus;

  /** Ending before that time; those that never end are left out. @example "2027-01-01T00:00:00Z" */
  @Optional()
  @IsInstant()
  expires_before?: string;
}

export class SeatsObject {
  /** null: as many as are asked for. @example 3 */
  limit!: number | null;
  /** @example 1 */
  used!: number;
  /** null: without limit. @example 2 */
  remaining!: number | null;
}

export class LicenseOriginObject {
  /** Who granted it: the brand's own system, a purchase, or support by hand. @example "purchase" */
  by!: LicenseOrigin['by'];
  /** The code of the plan that was bought or granted. @example "pro_monthly" */
  plan!: string | null;
  /** What it was bought as, in the words of the payment provider. @example "sub_1QabcDEF" */
  reference!: string | null;
}

export class LicenseObject {
  /** @example "lic_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** @example "key_06efg00000e0082000000000000" */
  license_key_id!: string;
  /** @example "seo_pro" */
  product_code!: string;
  /** @example "jane@example.com" */
  customer_email!: string;
  /** What was decided; whether time has ended it, a verdict tells. @example "valid" */
  status!: LicenseStatus;
  /** @example "2026-11-23T12:00:00.000Z" */
  starts_at!: string | null;
  /** null: never. @example "2027-11-23T12:00:00.000Z" */
  expires_at!: string | null;
  /** Until when it still works after its end; null: no grace. @example "2027-11-30T12:00:00.000Z" */
  grace_until!: string | null;
  seats!: SeatsObject;
  /** @example { "updates": true } */
  entitlements!: JsonObject;
  /** @example { "order": "1001" } */
  metadata!: Record<string, string>;
  origin!: LicenseOriginObject;
  /** Whether its end moves on by itself, as long as somebody pays. @example false */
  renews!: boolean;
  /** Grows with every change. @example 1 */
  version!: number;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  updated_at!: string;
}

export class LicenseKeyObject {
  /** @example "key_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** @example "DEMO-…-A7K2Q" */
  hint!: string;
  /** @example "jane@example.com" */
  customer_email!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  reissued_at!: string | null;
  /** The whole key, only in the answer that made it. @example "DEMO-4H7QK-9ZC2M-T5XWB-0R8NJ-V3PDY-A7K2Q" */
  key?: string;
}

export class ProvisionedObject {
  license_key!: LicenseKeyObject;
  licenses!: LicenseObject[];
}

export const licenseObject = (license: LicenseState): LicenseObject => ({
  id: publicId('license', license.id),
  brand_id: publicId('brand', license.brandId),
  license_key_id: publicId('licenseKey', license.licenseKeyId),
  product_code: license.productCode,
  customer_email: license.customerEmail,
  status: license.status,
  starts_at: license.startsAt?.toISOString() ?? null,
  expires_at: license.expiresAt?.toISOString() ?? null,
  grace_until: graceUntil(license)?.toISOString() ?? null,
  seats: seatsOf(license),
  entitlements: license.entitlements,
  metadata: license.metadata,
  origin: license.origin,
  renews: license.renews,
  version: license.version,
  created_at: license.createdAt.toISOString(),
  updated_at: license.updatedAt.toISOString(),
});

export const licenseKeyObject = (licenseKey: LicenseKeyState, key: string | null): LicenseKeyObject => ({
  id: publicId('licenseKey', licenseKey.id),
  brand_id: publicId('brand', licenseKey.brandId),
  hint: licenseKey.hint,
  customer_email: licenseKey.customerEmail,
  created_at: licenseKey.createdAt.toISOString(),
  reissued_at: licenseKey.reissuedAt?.toISOString() ?? null,
  ...(key !== null && { key }),
});

export const provisionedObject = ({ licenseKey, key, licenses }: Provisioned): ProvisionedObject => ({
  license_key: licenseKeyObject(licenseKey, key),
  licenses: licenses.map(licenseObject),
});

export const reissuedObject = ({ licenseKey, key }: Reissued): LicenseKeyObject => licenseKeyObject(licenseKey, key);
