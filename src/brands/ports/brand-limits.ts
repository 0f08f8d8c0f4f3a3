import type { BrandId } from '../../../libs/kernel/brand-id';
import type { BrandRateLimits } from '../domain/brand';

export abstract class BrandLimits {
  /**
   * The brand's own rate limits. Asked with every request, so they may be up to five seconds old, and they are never worth a failure: while they
   * cannot be read, the last known ones hold, or none.
   */
  abstract of(brandId: BrandId): BrandRateLimits | Promise<BrandRateLimits>;
}
