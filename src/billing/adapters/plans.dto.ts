import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsEntitlements, IsLine, maxSeats, Optional, OptionalOrNull } from '../../../libs/http/dto-rules';
import { publicId } from '../../../libs/kernel/id';
import type { JsonObject } from '../../../libs/kernel/json';
import type { PlanInterval, PlanState, PlanStatus } from '../domain/plan';

const intervals = ['month', 'year', 'lifetime'] as const;
const maxAmount = 999_999_999_999;
const priceMessage = 'stripe_price_id must be the id of a price in Stripe, like price_1QabcDEF';

/** Null has a meaning, and left out has none. */
const NullOr = (): PropertyDecorator => ValidateIf((_, value) => value !== null);

export class PlanGrantBody {
  /** A product of the brand, by code. @example "seo_pro" */
  @IsLine(64)
  product_code!: string;

  /** Seats for each one bought; null: as many as are asked for. @example 3 */
  @NullOr()
  @Max(maxSeats)
  @Min(1)
  @IsInt()
  seats!: number | null;

  /** Absent or null: the product's. A JSON object of at most 8 KB. @example { "updates": true } */
  @OptionalOrNull()
  @IsEntitlements()
  entitlements?: JsonObject | null;
}

export class ShownPriceBody {
  /** In the smallest unit of the currency: 1000 is 10.00 dollars. @example 1000 */
  @Max(maxAmount)
  @Min(0)
  @IsInt()
  amount!: number;

  /** Three letters (ISO 4217). @example "usd" */
  @Transform(({ value }) => (typeof value === 'string' ? value.toLowerCase() : (value as unknown)))
  @Matches(/^[a-z]{3}$/, { message: 'currency must be three letters like usd' })
  currency!: string;
}

class PlanTermsBody {
  /** @example "All of SEO Pro on three sites" */
  @OptionalOrNull()
  @IsLine(1_000)
  description?: string | null;

  /** Days before the first payment, 0 to 730; a plan for life has none. Absent at creation: 0. @example 14 */
  @Optional()
  @Max(730)
  @Min(0)
  @IsInt()
  trial_days?: number;

  /**
   * Days for which licenses still work when a renewal is not paid, 0 to 365; at least 1 unless the plan is for life, as Stripe takes about an hour
   * to collect one. Absent at creation: 7. @example 7
   */
  @Optional()
  @Max(365)
  @Min(0)
  @IsInt()
  grace_days?: number;

  /** The price in Stripe at which it is sold; null: it is not for sale. @example "price_1QabcDEF" */
  @OptionalOrNull()
  @Matches(/^(?!prod_)[A-Za-z0-9_.-]{1,255}$/, { message: priceMessage })
  stripe_price_id?: string | null;

  /** What a pricing page shows; Stripe decides what is charged. */
  @OptionalOrNull()
  @ValidateNested({ message: 'price must be an object' })
  @IsObject()
  @Type(() => ShownPriceBody)
  price?: ShownPriceBody | null;
}

export class CreatePlanBody extends PlanTermsBody {
  /** Letters, digits, `_`, `.` and `-`. Unique in the brand, never changed. @example "pro_monthly" */
  @Matches(/^(?!pln_)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    message: 'code must be 1 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen, a letter or digit first, and not begin with pln_',
  })
  code!: string;

  /** @example "Pro, monthly" */
  @IsLine(200)
  name!: string;

  /** What it gives: 1 to 20 products, each once. */
  @ValidateNested({ each: true, message: 'grants must hold objects' })
  @IsObject({ each: true, message: 'grants must hold objects' })
  @ArrayMaxSize(20)
  @ArrayNotEmpty()
  @IsArray()
  @Type(() => PlanGrantBody)
  grants!: PlanGrantBody[];

  /** How often it is paid: `lifetime` is once. Never changed. @example "month" */
  @IsIn(intervals)
  interval!: PlanInterval;
}

export class UpdatePlanBody extends PlanTermsBody {
  /** @example "Pro, monthly" */
  @Optional()
  @IsLine(200)
  name?: string;

  /** Replaces what it gave. */
  @Optional()
  @ValidateNested({ each: true, message: 'grants must hold objects' })
  @IsObject({ each: true, message: 'grants must hold objects' })
  @ArrayMaxSize(20)
  @ArrayNotEmpty()
  @IsArray()
  @Type(() => PlanGrantBody)
  grants?: PlanGrantBody[];

  /** `archived`: nobody buys it any more; who has bought it keeps it. @example "archived" */
  @Optional()
  @IsIn(['active', 'archived'])
  status?: PlanStatus;
}

export class PlanGrantObject {
  /** @example "seo_pro" */
  product_code!: string;
  /** For each one bought; null: as many as are asked for. @example 3 */
  seats!: number | null;
  /** null: the product's. @example { "updates": true } */
  entitlements!: JsonObject | null;
}

export class ShownPriceObject {
  /** In the smallest unit of the currency. @example 1000 */
  amount!: number;
  /** @example "usd" */
  currency!: string;
}

export class PlanObject {
  /** @example "pln_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** @example "pro_monthly" */
  code!: string;
  /** @example "Pro, monthly" */
  name!: string;
  /** @example "All of SEO Pro on three sites" */
  description!: string | null;
  grants!: PlanGrantObject[];
  /** @example "month" */
  interval!: PlanInterval;
  /** @example 0 */
  trial_days!: number;
  /** @example 7 */
  grace_days!: number;
  /** null: it is not for sale. @example "price_1QabcDEF" */
  stripe_price_id!: string | null;
  /** Prices at which it was sold before: purchases at these are still of this plan. @example [] */
  former_stripe_price_ids!: string[];
  price!: ShownPriceObject | null;
  /** @example "active" */
  status!: PlanStatus;
  /** @example 1 */
  version!: number;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  updated_at!: string;
}

export const grantObjects = ({ grants }: PlanState): PlanGrantObject[] =>
  grants.map(({ productCode, seats, entitlements }) => ({ product_code: productCode, seats, entitlements }));

export const planObject = (plan: PlanState): PlanObject => ({
  id: publicId('plan', plan.id),
  brand_id: publicId('brand', plan.brandId),
  code: plan.code,
  name: plan.name,
  description: plan.description,
  grants: grantObjects(plan),
  interval: plan.interval,
  trial_days: plan.trialDays,
  grace_days: plan.graceDays,
  stripe_price_id: plan.stripePriceId,
  former_stripe_price_ids: plan.formerPriceIds,
  price: plan.price,
  status: plan.status,
  version: plan.version,
  created_at: plan.createdAt.toISOString(),
  updated_at: plan.updatedAt.toISOString(),
});
