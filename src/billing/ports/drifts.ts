import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Drift } from '../domain/drift';

export abstract class Drifts {
  /** Replaces what was known of the purchase: causes that are still seen keep their age, the others are gone. */
  abstract seen(brandId: BrandId, subject: string, drifts: readonly Drift[], at: Date): Promise<void>;
  /** The purchases of the brand with drift. */
  abstract subjects(brandId: BrandId): Promise<string[]>;
}
