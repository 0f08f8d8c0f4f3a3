import { Injectable } from '@nestjs/common';
import { ArrayContains, EntitySchema, type FindOptionsWhere } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { violatedUnique } from '../../../libs/persistence/sql-state';
import { PlanCodeTaken, PriceTaken } from '../domain/errors';
import { Plan, type PlanState } from '../domain/plan';
import { Plans } from '../ports/plans';

export const planTable = new EntitySchema<PlanState>({
  name: 'plan',
  tableName: 'plans',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    code: { type: 'text' },
    name: { type: 'text' },
    description: { type: 'text', nullable: true },
    grants: { type: 'jsonb' },
    interval: { type: 'text' },
    trialDays: { type: 'int' },
    graceDays: { type: 'int' },
    stripePriceId: { type: 'text', nullable: true },
    formerPriceIds: { type: 'text', array: true },
    price: { type: 'jsonb', nullable: true },
    status: { type: 'text' },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
  },
});

/** Codes may look like anything but an id. */
export function planNamed(brandId: BrandId, idOrCode: string): FindOptionsWhere<PlanState> {
  const id = parsePublicId('plan', idOrCode);
  return id ? { brandId, id } : { brandId, code: idOrCode };
}

@Injectable()
export class PostgresPlans implements Plans {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async hold(brandId: BrandId, idOrCode: string): Promise<Plan | null> {
    const row = await this.db.manager.findOne(planTable, { where: planNamed(brandId, idOrCode), lock: { mode: 'pessimistic_write' } });
    return row && new Plan(row);
  }

  find(brandId: BrandId, idOrCode: string): Promise<PlanState | null> {
    return this.db.manager.findOne(planTable, { where: planNamed(brandId, idOrCode) });
  }

  ofPrice(brandId: BrandId, priceId: string): Promise<PlanState | null> {
    const where = [
      { brandId, stripePriceId: priceId },
      { brandId, formerPriceIds: ArrayContains([priceId]) },
    ];
    return this.db.manager.findOne(planTable, { where });
  }

  async save(plan: Plan): Promise<void> {
    await this.refusePriceOfAnother(plan.state);
    try {
      await this.outbox.save(planTable, plan, ['brandId', 'id']);
    } catch (error) {
      if (violatedUnique(error) === 'plans_code_unique') throw new PlanCodeTaken(plan.state.code);
      throw error;
    }
  }

  /** Until the unit of work ends nobody else gives a plan of the brand a price, or takes it away. */
  private async refusePriceOfAnother({ brandId, id, stripePriceId }: PlanState): Promise<void> {
    await this.db.manager.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`prices of ${brandId}`]);
    const other = stripePriceId === null ? null : await this.ofPrice(brandId, stripePriceId);
    if (other && other.id !== id) throw new PriceTaken(stripePriceId!);
  }
}
