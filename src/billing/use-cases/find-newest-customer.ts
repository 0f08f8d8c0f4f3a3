import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';

/**
 * The customer of the payment provider who buys with that address, or whom support linked with it; of several the newest. Answers the provider's
 * id. @throws BillingNotSetUp, BillingCustomerNotFound
 */
export class FindNewestCustomer extends Query<string> {
  constructor(
    readonly brandId: BrandId,
    readonly email: string,
  ) {
    super();
  }
}
