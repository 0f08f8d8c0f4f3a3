import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '../../../libs/persistence/database';
import { PurchaseNotFound } from '../domain/errors';
import type { PurchaseState } from '../domain/purchase';
import { Purchases } from '../ports/purchases';
import { GetPurchase } from '../use-cases/get-purchase';

@QueryHandler(GetPurchase)
export class PostgresGetPurchase implements IQueryHandler<GetPurchase> {
  constructor(
    private readonly db: Database,
    private readonly purchases: Purchases,
  ) {}

  async execute({ brandId, id }: GetPurchase): Promise<PurchaseState> {
    const purchase = await this.db.run(brandId, () => this.purchases.find(brandId, id));
    if (!purchase) throw new PurchaseNotFound();
    return purchase;
  }
}
