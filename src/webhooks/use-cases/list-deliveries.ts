import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { Attempt, DeliveryState, DeliveryStatus } from '../domain/delivery';

/** A delivery with every attempt that was made, oldest first. */
export interface DeliveryLog {
  readonly id: string;
  readonly state: DeliveryState;
  readonly attempts: readonly Attempt[];
}

/** What was sent to an endpoint, newest first. @throws EndpointNotFound */
export class ListDeliveries extends Query<Page<DeliveryLog>> {
  constructor(
    readonly brandId: BrandId,
    readonly endpointId: string,
    readonly status: DeliveryStatus | undefined,
    readonly cut: Cut,
  ) {
    super();
  }
}
