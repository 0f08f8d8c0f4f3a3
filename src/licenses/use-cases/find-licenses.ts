import { Query } from '@nestjs/cqrs';
import type { Reach } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { LicenseState, LicenseStatus } from '../domain/license';

export interface LicenseFilter {
  readonly customerEmail?: string | undefined;
  readonly productCode?: string | undefined;
  readonly status?: LicenseStatus | undefined;
  readonly expiresBefore?: Date | undefined;
}

/** The licenses that fit, newest first; of one brand, or of all. */
export class FindLicenses extends Query<Page<LicenseState>> {
  constructor(
    readonly reach: Reach,
    readonly filter: LicenseFilter,
    readonly cut: Cut,
  ) {
    super();
  }
}
