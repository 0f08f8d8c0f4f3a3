import { Query } from '@nestjs/cqrs';
import type { Reach } from '../../../libs/kernel/brand-id';
import type { LicenseState } from '../domain/license';

/** One license, by its id. @throws LicenseNotFound */
export class GetLicense extends Query<LicenseState> {
  constructor(
    readonly reach: Reach,
    readonly id: string,
  ) {
    super();
  }
}
