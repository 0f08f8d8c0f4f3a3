import type { PlanInterval, PlanState } from '../domain/plan';
import type { Storefront } from '../use-cases/get-storefront';
import { grantObjects, PlanGrantObject, ShownPriceObject } from './plans.dto';

export class OfferObject {
  /** @example "pro_monthly" */
  code!: string;
  /** @example "Pro, monthly" */
  name!: string;
  /** @example "All of SEO Pro on three sites" */
  description!: string | null;
  /** `lifetime`: paid once. @example "month" */
  interval!: PlanInterval;
  /** @example 0 */
  trial_days!: number;
  price!: ShownPriceObject | null;
  products!: PlanGrantObject[];
}

export class StorefrontObject {
  /** The slug. @example "demo" */
  brand!: string;
  /** @example "Demo Brand" */
  name!: string;
  /** For Stripe’s scripts in a page; null: the brand has no billing account. @example "pk_test_latchkey_fake" */
  publishable_key!: string | null;
  /** @example { "terms": "https://shop.example/terms" } */
  links!: Record<string, string>;
  /** Where its plans are listed. @example "/v1/brands/demo/plans" */
  plans_url!: string;
}

export const offerObject = (plan: PlanState): OfferObject => ({
  code: plan.code,
  name: plan.name,
  description: plan.description,
  interval: plan.interval,
  trial_days: plan.trialDays,
  price: plan.price,
  products: grantObjects(plan),
});

export const storefrontObject = ({ slug, name, publishableKey, links }: Storefront): StorefrontObject => ({
  brand: slug,
  name,
  publishable_key: publishableKey,
  links,
  plans_url: `/v1/brands/${slug}/plans`,
});
