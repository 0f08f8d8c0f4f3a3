import { IsIn, Matches } from 'class-validator';
import { IsLine, IsMetadata, Optional } from '../../../libs/http/dto-rules';
import { publicId } from '../../../libs/kernel/id';
import type { Metadata } from '../../../libs/kernel/json';
import type { BrandState, BrandStatus } from '../domain/brand';

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
  created_at: brand.createdAt.toISOString(),
});
