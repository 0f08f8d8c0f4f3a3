import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import type { BrandState } from '../domain/brand';

/** What other modules may ask about brands: the door of this one. */
export abstract class BrandDirectory {
  /** The tenant to whom keys with this folded prefix belong. Asked before any brand is known. */
  abstract ofKeyPrefix(foldedPrefix: string): Promise<BrandId | null>;
  /** By public id or slug, as far as the caller may see. */
  abstract find(reach: Reach, idOrSlug: string): Promise<BrandState | null>;
  /** @throws BrandNotFound */
  abstract get(brandId: BrandId): Promise<BrandState>;
}
