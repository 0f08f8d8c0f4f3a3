import { Query } from '@nestjs/cqrs';
import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import type { DriftCause } from '../domain/drift';

export interface DriftEntry {
  readonly brandId: BrandId;
  /** The purchase, as the provider names it. */
  readonly subject: string;
  readonly cause: DriftCause;
  readonly detail: string;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}

/** Where licenses are not as what was paid says, oldest first: the first 500. */
export class ListDrift extends Query<DriftEntry[]> {
  constructor(readonly reach: Reach) {
    super();
  }
}
