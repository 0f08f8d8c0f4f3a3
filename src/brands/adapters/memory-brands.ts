import type { BrandId } from '../../../libs/kernel/brand-id';
import { foldPrefix } from '../../../libs/license-key/license-key';
import { Brand, type BrandState } from '../domain/brand';
import { KeyPrefixTaken, SlugTaken } from '../domain/errors';
import { Brands } from '../ports/brands';

export class MemoryBrands implements Brands {
  private readonly rows = new Map<string, BrandState>();

  async hold(brandId: BrandId): Promise<Brand | null> {
    const row = this.rows.get(brandId);
    return row ? new Brand(row) : null;
  }

  async save({ state }: Brand): Promise<void> {
    const others = [...this.rows.values()].filter(({ id }) => id !== state.id);
    if (others.some(({ slug }) => slug === state.slug)) throw new SlugTaken(state.slug);
    if (others.some(({ keyPrefix }) => foldPrefix(keyPrefix) === foldPrefix(state.keyPrefix))) throw new KeyPrefixTaken(state.keyPrefix);
    this.rows.set(state.id, state);
  }
}
