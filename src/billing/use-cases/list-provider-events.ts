import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { InboxEvent, InboxStatus } from '../ports/inbox';

/** An event without what the provider said. */
export type ProviderEventEntry = Omit<InboxEvent, 'body'>;

/** What the provider sent to a brand, newest first. `next` is not an id: it is the time of the event and the provider's id. */
export class ListProviderEvents extends Query<Page<ProviderEventEntry>> {
  constructor(
    readonly brandId: BrandId,
    readonly filter: { readonly status?: InboxStatus },
    readonly cut: Cut,
  ) {
    super();
  }
}
