import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { BillingLinks } from '../domain/billing-account';

/** What the pricing page of a brand may know. */
export interface Storefront {
  readonly slug: string;
  readonly name: string;
  /** null: the brand has no billing account. */
  readonly publishableKey: string | null;
  readonly links: BillingLinks;
}

export class GetStorefront extends Query<Storefront> {
  constructor(readonly brandId: BrandId) {
    super();
  }
}
