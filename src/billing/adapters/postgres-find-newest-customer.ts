import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '../../../libs/persistence/database';
import { BillingCustomerNotFound, BillingNotSetUp } from '../domain/errors';
import { FindNewestCustomer } from '../use-cases/find-newest-customer';

@QueryHandler(FindNewestCustomer)
export class PostgresFindNewestCustomer implements IQueryHandler<FindNewestCustomer> {
  constructor(private readonly db: Database) {}

  async execute({ brandId, email }: FindNewestCustomer): Promise<string> {
    const [row] = await this.db.read<{ id: string | null; open: boolean }>(
      brandId,
      `select exists (select from billing_accounts where brand_id = $1) as open,
              (select id from billing_customers where brand_id = $1 and (email = $2 or linked_email = $2)
                order by created_at desc, id desc limit 1) as id`,
      [brandId, email],
    );
    if (!row?.open) throw new BillingNotSetUp();
    if (row.id === null) throw new BillingCustomerNotFound();
    return row.id;
  }
}
