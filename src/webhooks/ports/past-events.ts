import type { BrandId } from '../../../libs/kernel/brand-id';
import type { PastEvent } from './deliveries';

export interface Range {
  readonly since: Date;
  /** Not that instant itself; null: up to the newest. */
  readonly until: Date | null;
}

/** What happened in a brand, as its log tells it. */
export abstract class PastEvents {
  abstract find(brandId: BrandId, id: string): Promise<PastEvent | null>;
  /** Those that one of the patterns lets through, oldest first; tests of endpoints are not among them. */
  abstract within(brandId: BrandId, range: Range, patterns: readonly string[], limit: number): Promise<PastEvent[]>;
}
