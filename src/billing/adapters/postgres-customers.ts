import { Injectable } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { Customer, type CustomerState } from '../domain/customer';
import { Customers } from '../ports/customers';

export const customerTable = new EntitySchema<CustomerState>({
  name: 'billing_customer',
  tableName: 'billing_customers',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'text', primary: true },
    email: { type: 'text', nullable: true },
    name: { type: 'text', nullable: true },
    linkedEmail: { type: 'text', nullable: true },
    followed: { type: 'bool' },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
  },
});

@Injectable()
export class PostgresCustomers implements Customers {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async hold(brandId: BrandId, id: string): Promise<Customer | null> {
    const known = await this.held(brandId, id);
    if (known) return known;
    // Against its making: there is no row yet that could be locked. Whoever had to wait finds what the other one has made.
    await this.db.manager.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`billing customer ${id} of ${brandId}`]);
    return this.held(brandId, id);
  }

  ofEmail(brandId: BrandId, email: string): Promise<CustomerState[]> {
    const where = [
      { brandId, email },
      { brandId, linkedEmail: email },
    ];
    return this.db.manager.find(customerTable, { where, order: { createdAt: 'DESC', id: 'DESC' } });
  }

  save(customer: Customer): Promise<void> {
    return this.outbox.save(customerTable, customer, ['brandId', 'id']);
  }

  private async held(brandId: BrandId, id: string): Promise<Customer | null> {
    const row = await this.db.manager.findOne(customerTable, { where: { brandId, id }, lock: { mode: 'pessimistic_write' } });
    return row && new Customer(row);
  }
}
