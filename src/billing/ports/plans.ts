import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Plan, PlanState } from '../domain/plan';

export abstract class Plans {
  /** By public id or code, held until the unit of work ends. */
  abstract hold(brandId: BrandId, idOrCode: string): Promise<Plan | null>;
  /** By public id or code. */
  abstract find(brandId: BrandId, idOrCode: string): Promise<PlanState | null>;
  /** The one sold at that price, now or before. */
  abstract ofPrice(brandId: BrandId, priceId: string): Promise<PlanState | null>;
  /** @throws PlanCodeTaken, PriceTaken: another plan is or was sold at that price */
  abstract save(plan: Plan): Promise<void>;
}
