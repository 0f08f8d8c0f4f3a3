import type { BrandId } from '../../../libs/kernel/brand-id';
import { type ProductCatalogue, ProductNotFound } from '../../brands';
import type { PlanGrant } from '../domain/plan';

/** The grants with the codes of their products, however these were named. @throws ProductNotFound */
export async function knownGrants(products: ProductCatalogue, brandId: BrandId, grants: readonly PlanGrant[]): Promise<PlanGrant[]> {
  const known: PlanGrant[] = [];
  for (const [index, grant] of grants.entries()) {
    const product = await products.find(brandId, grant.productCode);
    if (!product) throw new ProductNotFound(`/grants/${index}/product_code`);
    known.push({ ...grant, productCode: product.code });
  }
  return known;
}
