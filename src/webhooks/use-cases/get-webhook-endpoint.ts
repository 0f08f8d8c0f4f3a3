import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { EndpointState } from '../domain/endpoint';

/** One endpoint, by its id. @throws EndpointNotFound */
export class GetWebhookEndpoint extends Query<EndpointState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
  ) {
    super();
  }
}
