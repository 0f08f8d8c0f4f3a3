import { Injectable } from '@nestjs/common';
import { type BrandId, isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { Database } from '../../../libs/persistence/database';
import type { BrandState } from '../domain/brand';
import { BrandNotFound } from '../domain/errors';
import { BrandDirectory } from '../ports/brand-directory';
import { brandTable } from './postgres-brands';

@Injectable()
export class PostgresBrandDirectory implements BrandDirectory {
  /** For good: a prefix never changes, and no brand is removed. A prefix without a brand may get one any moment. */
  private readonly knownPrefixes = new Map<string, Promise<BrandId>>();

  constructor(private readonly db: Database) {}

  ofKeyPrefix(foldedPrefix: string): Promise<BrandId | null> {
    return this.knownPrefixes.get(foldedPrefix) ?? this.findKeyPrefix(foldedPrefix);
  }

  find(reach: Reach, idOrSlug: string): Promise<BrandState | null> {
    const id = parsePublicId('brand', idOrSlug);
    return this.db.run(reach, async () => {
      const brands = this.db.manager.createQueryBuilder(brandTable, 'brand');
      if (id) brands.where('brand.id = :id', { id });
      else brands.where('brand.slug = :slug', { slug: idOrSlug });
      if (!isAllBrands(reach)) brands.andWhere('brand.id = :reach', { reach });
      return brands.getOne();
    });
  }

  async get(brandId: BrandId): Promise<BrandState> {
    const brand = await this.db.run(brandId, () => this.db.manager.findOne(brandTable, { where: { id: brandId } }));
    if (!brand) throw new BrandNotFound();
    return brand;
  }

  private async findKeyPrefix(foldedPrefix: string): Promise<BrandId | null> {
    const [row] = await this.db.beforeBrand<{ id: BrandId | null }>('select brand_of_key_prefix($1) as id', [foldedPrefix]);
    if (!row?.id) return null;
    this.knownPrefixes.set(foldedPrefix, Promise.resolve(row.id));
    return row.id;
  }
}
