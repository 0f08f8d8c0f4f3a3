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
  constructor(private readonly db: Database) {}

  async ofKeyPrefix(foldedPrefix: string): Promise<BrandId | null> {
    const rows = await this.db.beforeBrand<{ id: BrandId | null }>('select brand_of_key_prefix($1) as id', [foldedPrefix]);
    return rows[0]?.id ?? null;
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
}
