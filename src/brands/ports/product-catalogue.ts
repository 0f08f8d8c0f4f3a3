import type { BrandId } from '../../../libs/kernel/brand-id';
import type { ProductState } from '../domain/product';

/** What other modules may ask about products: the door of this one. */
export abstract class ProductCatalogue {
  /** By public id or code; joins the caller's unit of work. */
  abstract find(brandId: BrandId, idOrCode: string): Promise<ProductState | null>;
}
