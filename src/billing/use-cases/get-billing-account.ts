import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { BillingAccountState } from '../domain/billing-account';

/** An account as it is shown: of its secrets the ends, by which they can be told apart. null: it cannot be opened any more. */
export interface AccountView {
  readonly state: BillingAccountState;
  readonly secretKey: string | null;
  readonly webhookSecret: string | null;
}

/** The account of a brand at the payment provider. @throws BillingNotSetUp */
export class GetBillingAccount extends Query<AccountView> {
  constructor(readonly brandId: BrandId) {
    super();
  }
}
