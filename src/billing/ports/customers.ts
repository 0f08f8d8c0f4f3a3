import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Customer, CustomerState } from '../domain/customer';

export abstract class Customers {
  /** Held until the unit of work ends, against its making too. */
  abstract hold(brandId: BrandId, id: string): Promise<Customer | null>;
  /** By the provider's address or the one that support linked, newest first. */
  abstract ofEmail(brandId: BrandId, email: string): Promise<CustomerState[]>;
  abstract save(customer: Customer): Promise<void>;
}
