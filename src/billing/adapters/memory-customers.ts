import type { BrandId } from '../../../libs/kernel/brand-id';
import { Customer, type CustomerState } from '../domain/customer';
import { Customers } from '../ports/customers';

export class MemoryCustomers implements Customers {
  private readonly rows: CustomerState[] = [];

  async hold(brandId: BrandId, id: string): Promise<Customer | null> {
    const row = this.rows[this.placeOf(brandId, id)];
    return row ? new Customer(row) : null;
  }

  async ofEmail(brandId: BrandId, email: string): Promise<CustomerState[]> {
    return this.rows
      .filter((row) => row.brandId === brandId && (row.email === email || row.linkedEmail === email))
      .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime() || (one.id < other.id ? 1 : -1));
  }

  async save({ state }: Customer): Promise<void> {
    const place = this.placeOf(state.brandId, state.id);
    if (place < 0) this.rows.push(state);
    else this.rows[place] = state;
  }

  private placeOf(brandId: BrandId, id: string): number {
    return this.rows.findIndex((row) => row.brandId === brandId && row.id === id);
  }
}
