import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { LessThan } from 'typeorm';
import { isAllBrands } from '../../../libs/kernel/brand-id';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import type { PurchaseState } from '../domain/purchase';
import { type DriftEntry, ListDrift } from '../use-cases/list-drift';
import { ListPurchases } from '../use-cases/list-purchases';
import { purchaseTable, wholePurchases } from './purchase-tables';

@QueryHandler(ListPurchases)
export class PostgresListPurchases implements IQueryHandler<ListPurchases> {
  constructor(private readonly db: Database) {}

  execute({ brandId, filter: { customerEmail, customerId, status }, cut }: ListPurchases): Promise<Page<PurchaseState>> {
    const asked = { ...(customerEmail && { customerEmail }), ...(customerId && { customerId }), ...(status && { status }) };
    const where = { brandId, ...asked, ...(cut.after && { id: LessThan(cut.after) }) };
    return this.db.run(brandId, async () => {
      const page = pageOf(await this.db.manager.find(purchaseTable, { where, order: { id: 'DESC' }, take: cut.limit + 1 }), cut);
      return { ...page, items: await wholePurchases(this.db.manager, page.items) };
    });
  }
}

const mostDrift = 500;

@QueryHandler(ListDrift)
export class PostgresListDrift implements IQueryHandler<ListDrift> {
  constructor(private readonly db: Database) {}

  execute({ reach }: ListDrift): Promise<DriftEntry[]> {
    return this.db.read<DriftEntry>(
      reach,
      `select brand_id as "brandId", subject, cause, detail, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt"
         from billing_drift where $1::uuid is null or brand_id = $1
        order by first_seen_at, brand_id, subject, cause limit ${mostDrift}`,
      [isAllBrands(reach) ? null : reach],
    );
  }
}
