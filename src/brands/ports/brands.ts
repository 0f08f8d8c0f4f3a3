import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Brand } from '../domain/brand';

export abstract class Brands {
  /** The brand, held until the unit of work ends; null when it is out of reach. */
  abstract hold(brandId: BrandId): Promise<Brand | null>;
  /** @throws SlugTaken, KeyPrefixTaken */
  abstract save(brand: Brand): Promise<void>;
}
