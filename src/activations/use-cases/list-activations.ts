import { Query } from '@nestjs/cqrs';
import type { Reach } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { ActivationState } from '../domain/activation';

/** Who holds the seats of a license, newest first; those that ended too, if asked. @throws LicenseNotFound */
export class ListActivations extends Query<Page<ActivationState>> {
  constructor(
    readonly reach: Reach,
    readonly licenseId: string,
    readonly includeEnded: boolean,
    readonly cut: Cut,
  ) {
    super();
  }
}
