import { Injectable } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { violatedUnique } from '../../../libs/persistence/sql-state';
import { Brand, type BrandState } from '../domain/brand';
import { KeyPrefixTaken, SlugTaken } from '../domain/errors';
import { Brands } from '../ports/brands';

export const brandTable = new EntitySchema<BrandState>({
  name: 'brand',
  tableName: 'brands',
  columns: {
    id: { type: 'uuid', primary: true },
    slug: { type: 'text' },
    name: { type: 'text' },
    keyPrefix: { type: 'text' },
    status: { type: 'text' },
    metadata: { type: 'jsonb' },
    apiKeyPerMinute: { type: 'int', nullable: true },
    licenseKeyPerMinute: { type: 'int', nullable: true },
    instancePerMinute: { type: 'int', nullable: true },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
  },
});

@Injectable()
export class PostgresBrands implements Brands {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async hold(brandId: BrandId): Promise<Brand | null> {
    const row = await this.db.manager.findOne(brandTable, { where: { id: brandId }, lock: { mode: 'pessimistic_write' } });
    return row && new Brand(row);
  }

  async save(brand: Brand): Promise<void> {
    try {
      await this.outbox.save(brandTable, brand, ['id']);
    } catch (error) {
      const unique = violatedUnique(error);
      if (unique === 'brands_slug_unique') throw new SlugTaken(brand.state.slug);
      if (unique === 'brands_key_prefix_unique') throw new KeyPrefixTaken(brand.state.keyPrefix);
      throw error;
    }
  }
}
