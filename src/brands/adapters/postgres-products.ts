import { Injectable } from '@nestjs/common';
import { EntitySchema, type FindOptionsWhere } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { violatedUnique } from '../../../libs/persistence/sql-state';
import { ProductCodeTaken } from '../domain/errors';
import { Product, type ProductState } from '../domain/product';
import { Products } from '../ports/products';

export const productTable = new EntitySchema<ProductState>({
  name: 'product',
  tableName: 'products',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    code: { type: 'text' },
    name: { type: 'text' },
    seatLimit: { type: 'int', nullable: true },
    durationDays: { type: 'int', nullable: true },
    graceDays: { type: 'int' },
    entitlements: { type: 'jsonb' },
    metadata: { type: 'jsonb' },
    status: { type: 'text' },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
  },
});

/** Codes may look like anything but an id, so one path part can hold either. */
export function productNamed(brandId: BrandId, idOrCode: string): FindOptionsWhere<ProductState> {
  const id = parsePublicId('product', idOrCode);
  return id ? { brandId, id } : { brandId, code: idOrCode };
}

@Injectable()
export class PostgresProducts implements Products {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async hold(brandId: BrandId, idOrCode: string): Promise<Product | null> {
    const row = await this.db.manager.findOne(productTable, {
      where: productNamed(brandId, idOrCode),
      lock: { mode: 'pessimistic_write' },
    });
    return row && new Product(row);
  }

  async save(product: Product): Promise<void> {
    try {
      await this.outbox.save(productTable, product, ['brandId', 'id']);
    } catch (error) {
      if (violatedUnique(error) === 'products_code_unique') throw new ProductCodeTaken(product.state.code);
      throw error;
    }
  }
}
