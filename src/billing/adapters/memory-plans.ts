import type { BrandId } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { PlanCodeTaken, PriceTaken } from '../domain/errors';
import { Plan, type PlanState } from '../domain/plan';
import { Plans } from '../ports/plans';

export class MemoryPlans implements Plans {
  private readonly rows = new Map<string, PlanState>();

  async hold(brandId: BrandId, idOrCode: string): Promise<Plan | null> {
    const row = await this.find(brandId, idOrCode);
    return row && new Plan(row);
  }

  async find(brandId: BrandId, idOrCode: string): Promise<PlanState | null> {
    const id = parsePublicId('plan', idOrCode);
    return this.of(brandId).find((row) => (id ? row.id === id : row.code === idOrCode)) ?? null;
  }

  async ofPrice(brandId: BrandId, priceId: string): Promise<PlanState | null> {
    const sold = this.of(brandId).find(
      ({ stripePriceId, formerPriceIds }) => stripePriceId === priceId || formerPriceIds.includes(priceId),
    );
    return sold ?? null;
  }

  async save({ state }: Plan): Promise<void> {
    const { brandId, id, code, stripePriceId } = state;
    const priced = stripePriceId === null ? null : await this.ofPrice(brandId, stripePriceId);
    if (priced && priced.id !== id) throw new PriceTaken(stripePriceId!);
    const named = this.of(brandId).find((row) => row.code === code);
    if (named && named.id !== id) throw new PlanCodeTaken(code);
    this.rows.set(id, state);
  }

  private of(brandId: BrandId): PlanState[] {
    return [...this.rows.values()].filter((row) => row.brandId === brandId);
  }
}
