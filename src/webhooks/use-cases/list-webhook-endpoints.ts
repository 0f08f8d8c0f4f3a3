import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { EndpointState } from '../domain/endpoint';

/** The endpoints of a brand, newest first. */
export class ListWebhookEndpoints extends Query<Page<EndpointState>> {
  constructor(
    readonly brandId: BrandId,
    readonly cut: Cut,
  ) {
    super();
  }
}
