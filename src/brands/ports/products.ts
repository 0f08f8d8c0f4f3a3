import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Product } from '../domain/product';

export abstract class Products {
  /** By public id or code, held until the unit of work ends. */
  abstract hold(brandId: BrandId, idOrCode: string): Promise<Product | null>;
  /** @throws ProductCodeTaken */
  abstract save(product: Product): Promise<void>;
}
