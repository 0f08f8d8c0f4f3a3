import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { LessThan } from 'typeorm';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import { PlanNotFound } from '../domain/errors';
import type { PlanState } from '../domain/plan';
import { GetPlan } from '../use-cases/get-plan';
import { ListOffers } from '../use-cases/list-offers';
import { ListPlans } from '../use-cases/list-plans';
import { planNamed, planTable } from './postgres-plans';

@QueryHandler(GetPlan)
export class PostgresGetPlan implements IQueryHandler<GetPlan> {
  constructor(private readonly db: Database) {}

  execute({ brandId, idOrCode }: GetPlan): Promise<PlanState> {
    return this.db.run(brandId, async () => {
      const plan = await this.db.manager.findOne(planTable, { where: planNamed(brandId, idOrCode) });
      if (!plan) throw new PlanNotFound();
      return plan;
    });
  }
}

@QueryHandler(ListPlans)
export class PostgresListPlans implements IQueryHandler<ListPlans> {
  constructor(private readonly db: Database) {}

  execute({ brandId, cut }: ListPlans): Promise<Page<PlanState>> {
    const where = { brandId, ...(cut.after && { id: LessThan(cut.after) }) };
    return this.db.run(brandId, async () =>
      pageOf(await this.db.manager.find(planTable, { where, order: { id: 'DESC' }, take: cut.limit + 1 }), cut),
    );
  }
}

const mostOffers = 100;

@QueryHandler(ListOffers)
export class PostgresListOffers implements IQueryHandler<ListOffers> {
  constructor(private readonly db: Database) {}

  execute({ brandId }: ListOffers): Promise<readonly PlanState[]> {
    const where = { brandId, status: 'active' } as const;
    return this.db.run(brandId, () => this.db.manager.find(planTable, { where, order: { id: 'ASC' }, take: mostOffers }));
  }
}
