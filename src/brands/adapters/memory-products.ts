import type { BrandId } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { ProductCodeTaken } from '../domain/errors';
import { Product, type ProductState } from '../domain/product';
import { ProductCatalogue } from '../ports/product-catalogue';
import { Products } from '../ports/products';

export class MemoryProducts implements Products, ProductCatalogue {
  private readonly rows = new Map<string, ProductState>();

  async find(brandId: BrandId, idOrCode: string): Promise<ProductState | null> {
    const id = parsePublicId('product', idOrCode);
    const found = [...this.rows.values()].find((row) => row.brandId === brandId && (id ? row.id === id : row.code === idOrCode));
    return found ?? null;
  }

  async hold(brandId: BrandId, idOrCode: string): Promise<Product | null> {
    const row = await this.find(brandId, idOrCode);
    return row && new Product(row);
  }

  async save({ state }: Product): Promise<void> {
    const named = await this.find(state.brandId, state.code);
    if (named && named.id !== state.id) throw new ProductCodeTaken(state.code);
    this.rows.set(state.id, state);
  }
}
