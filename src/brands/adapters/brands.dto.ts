import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, Matches, Max, Min, ValidateNested } from 'class-validator';
import { IsLine, IsMetadata, Optional, OptionalOrNull } from '../../../libs/http/dto-rules';
import { publicId } from '../../../libs/kernel/id';
import type { Metadata } from '../../../libs/kernel/json';
import type { BrandRateLimits, BrandState, BrandStatus } from '../domain/brand';

const maxPerMinute = 1_000_000;

/** null: as the installation has it. */
export class RateLimitsBody {
  /** Requests of each API key. @example 6000 */
  @OptionalOrNull()
  @Max(maxPerMinute)
  @Min(1)
  @IsInt()
  api_key_per_minute?: number | null;

  /** Requests of all instances with one license key. @example 6000 */
  @OptionalOrNull()
  @Max(maxPerMinute)
  @Min(1)
  @IsInt()
  license_key_per_minute?: number | null;

  /** Requests of one instance with one license key. @example 240 */
  @OptionalOrNull()
  @Max(maxPerMinute)
  @Min(1)
  @IsInt()
  instance_per_minute?: number | null;
}

export class CreateBrandBody {
  /** Names the brand in paths; lower case letters, digits and hyphens. Never changed. @example "globex" */
  @Matches(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/, { message: 'slug must be 2 to 63 of a-z, 0-9 and hyphens, a letter first' })
  slug!: string;

  /** @example "Acme Plugins" */
  @IsLine(200)
  name!: string;

  /** What its license keys begin with: 2 to 10 of A-Z and 0-9, a letter first. Unique, never changed. @example "GLOBEX" */
  @Matches(/^[A-Z][A-Z0-9]{1,9}$/, { message: 'key_prefix must be 2 to 10 of A-Z and 0-9, a letter first' })
  key_prefix!: string;

  /** Up to 50 pairs of strings of your own. @example { "crm_id": "77" } */
  @Optional()
  @IsMetadata()
  metadata?: Metadata;

  /** How often the brand's credentials may call. */
  @Optional()
  @ValidateNested({ message: 'rate_limits must be an object' })
  @IsObject()
  @Type(() => RateLimitsBody)
  rate_limits?: RateLimitsBody;
}

export class UpdateBrandBody {
  /** @example "Acme Software" */
  @Optional()
  @IsLine(200)
  name?: string;

  /** A suspended brand's API keys answer nothing; its customers' licenses keep working. @example "active" */
  @Optional()
  @IsIn(['active', 'suspended'])
  status?: BrandStatus;

  /** Merged; null deletes a pair. @example { "crm_id": "78", "old": null } */
  @Optional()
  @IsMetadata({ nulls: true })
  metadata?: Record<string, string | null>;

  /** What is left out stays as it is. */
  @Optional()
  @ValidateNested({ message: 'rate_limits must be an object' })
  @IsObject()
  @Type(() => RateLimitsBody)
  rate_limits?: RateLimitsBody;
}

export class RateLimitsObject {
  /** @example 6000 */
  api_key_per_minute!: number | null;
  /** @example null */
  license_key_per_minute!: number | null;
  /** @example null */
  instance_per_minute!: number | null;
}

export class BrandObject {
  /** @example "brd_06efg00000e0082000000000000" */
  id!: string;
  /** @example "acme" */
  slug!: string;
  /** @example "Acme Plugins" */
  name!: string;
  /** @example "ACME" */
  key_prefix!: string;
  /** @example "active" */
  status!: BrandStatus;
  /** @example { "crm_id": "77" } */
  metadata!: Record<string, string>;
  /** null: as the installation has it. */
  rate_limits!: RateLimitsObject;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
}

export const brandObject = (brand: BrandState): BrandObject => ({
  id: publicId('brand', brand.id),
  slug: brand.slug,
  name: brand.name,
  key_prefix: brand.keyPrefix,
  status: brand.status,
  metadata: brand.metadata,
  rate_limits: {
    api_key_per_minute: brand.apiKeyPerMinute,
    license_key_per_minute: brand.licenseKeyPerMinute,
    instance_per_minute: brand.instancePerMinute,
  },
  created_at: brand.createdAt.toISOString(),
});

/** Only what was said: what is left out stays as it is. */
export function rateLimitsOf(body: RateLimitsBody | undefined): Partial<BrandRateLimits> {
  return {
    ...(body?.api_key_per_minute !== undefined && { apiKeyPerMinute: body.api_key_per_minute }),
    ...(body?.license_key_per_minute !== undefined && { licenseKeyPerMinute: body.license_key_per_minute }),
    ...(body?.instance_per_minute !== undefined && { instancePerMinute: body.instance_per_minute }),
  };
}
