import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { LoggedEvent } from '../../../libs/kernel/domain-event';

/** A brand's log, oldest first, behind an event that the caller knows. @throws EventNotFound when it is not in the log */
export class ListEvents extends Query<Page<LoggedEvent>> {
  constructor(
    readonly brandId: BrandId,
    /** A type, or a kind of them: `license.*`. */
    readonly type: string | undefined,
    readonly cut: Cut,
  ) {
    super();
  }
}
