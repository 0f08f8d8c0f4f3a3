import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { IsEntitlements, IsLine, IsMetadata, maxDays, maxSeats, Optional, OptionalOrNull } from '../../../libs/http/dto-rules';
import { publicId } from '../../../libs/kernel/id';
import type { JsonObject, Metadata } from '../../../libs/kernel/json';
import type { ProductState, ProductStatus } from '../domain/product';

class ProductDefaultsBody {
  /** Seats of a new license; null for as many as are asked for. Absent at creation: 1. @example 3 */
  @OptionalOrNull()
  @Max(maxSeats)
  @Min(1)
  @IsInt()
  seat_limit?: number | null;

  /** Days a new license lives; null for life. Absent at creation: 365. @example 365 */
  @OptionalOrNull()
  @Max(maxDays)
  @Min(1)
  @IsInt()
  duration_days?: number | null;

  /** Days for which an expired license still works. Absent at creation: 0. @example 7 */
  @Optional()
  @Max(maxDays)
  @Min(0)
  @IsInt()
  grace_days?: number;

  /** Feature flags and limits, a JSON object of at most 8 KB. @example { "updates": true, "sites": 3 } */
  @Optional()
  @IsEntitlements()
  entitlements?: JsonObject;
}

export class CreateProductBody extends ProductDefaultsBody {
  /** What clients ask for; letters, digits, `_`, `.` and `-`. Unique in the brand, never changed. @example "seo_pro" */
  @Matches(/^(?!prd_)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    message: 'code must be 1 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen, a letter or digit first, and not begin with prd_',
  })
  code!: string;

  /** @example "SEO Pro" */
  @IsLine(200)
  name!: string;

  /** Up to 50 pairs of strings of your own. @example { "sku": "SEO-1" } */
  @Optional()
  @IsMetadata()
  metadata?: Metadata;
}

export class UpdateProductBody extends ProductDefaultsBody {
  /** @example "SEO Pro" */
  @Optional()
  @IsLine(200)
  name?: string;

  /** `archived`: no new licenses; those it has keep working. @example "active" */
  @Optional()
  @IsIn(['active', 'archived'])
  status?: ProductStatus;

  /** Merged; null deletes a pair. @example { "sku": "SEO-2" } */
  @Optional()
  @IsMetadata({ nulls: true })
  metadata?: Record<string, string | null>;
}

export class ProductObject {
  /** @example "prd_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** @example "seo_pro" */
  code!: string;
  /** @example "SEO Pro" */
  name!: string;
  /** null: as many seats as are asked for. @example 3 */
  seat_limit!: number | null;
  /** null: for life. @example 365 */
  duration_days!: number | null;
  /** @example 7 */
  grace_days!: number;
  /** @example { "updates": true } */
  entitlements!: JsonObject;
  /** @example { "sku": "SEO-1" } */
  metadata!: Record<string, string>;
  /** @example "active" */
  status!: ProductStatus;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
}

export const productObject = (product: ProductState): ProductObject => ({
  id: publicId('product', product.id),
  brand_id: publicId('brand', product.brandId),
  code: product.code,
  name: product.name,
  seat_limit: product.seatLimit,
  duration_days: product.durationDays,
  grace_days: product.graceDays,
  entitlements: product.entitlements,
  metadata: product.metadata,
  status: product.status,
  created_at: product.createdAt.toISOString(),
});
