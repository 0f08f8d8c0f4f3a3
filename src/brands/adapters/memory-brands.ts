import { type BrandId, isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { foldPrefix } from '../../../libs/license-key/license-key';
import { Brand, type BrandRateLimits, type BrandState, noLimits } from '../domain/brand';
import { BrandNotFound, KeyPrefixTaken, SlugTaken } from '../domain/errors';
import { BrandDirectory } from '../ports/brand-directory';
import { BrandLimits } from '../ports/brand-limits';
import { Brands } from '../ports/brands';

export class MemoryBrands implements Brands, BrandDirectory, BrandLimits {
  private readonly rows = new Map<string, BrandState>();

  async ofKeyPrefix(foldedPrefix: string): Promise<BrandId | null> {
    return [...this.rows.values()].find(({ keyPrefix }) => foldPrefix(keyPrefix) === foldedPrefix)?.id ?? null;
  }

  async find(reach: Reach, idOrSlug: string): Promise<BrandState | null> {
    const id = parsePublicId('brand', idOrSlug);
    const row = [...this.rows.values()].find((one) => (id ? one.id === id : one.slug === idOrSlug));
    return row && (isAllBrands(reach) || row.id === reach) ? row : null;
  }

  async get(brandId: BrandId): Promise<BrandState> {
    const row = this.rows.get(brandId);
    if (!row) throw new BrandNotFound();
    return row;
  }

  of(brandId: BrandId): BrandRateLimits {
    const { apiKeyPerMinute, licenseKeyPerMinute, instancePerMinute } = this.rows.get(brandId) ?? noLimits;
    return { apiKeyPerMinute, licenseKeyPerMinute, instancePerMinute };
  }

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
