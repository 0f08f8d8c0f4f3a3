import { Injectable } from '@nestjs/common';
import { EventBus, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { LessThan } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { DomainEvent } from '../../../libs/kernel/domain-event';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Cache } from '../../../libs/persistence/cache';
import { Database } from '../../../libs/persistence/database';
import { ProductNotFound } from '../domain/errors';
import type { ProductState } from '../domain/product';
import { ProductCatalogue } from '../ports/product-catalogue';
import { GetProduct } from '../use-cases/get-product';
import { ListProducts } from '../use-cases/list-products';
import { productNamed, productTable } from './postgres-products';

/** Always the truth: licenses are granted by what it says, for good. */
@Injectable()
export class PostgresProductCatalogue implements ProductCatalogue {
  constructor(private readonly db: Database) {}

  find(brandId: BrandId, idOrCode: string): Promise<ProductState | null> {
    return this.db.run(brandId, () => this.db.manager.findOne(productTable, { where: productNamed(brandId, idOrCode) }));
  }
}

@QueryHandler(ListProducts)
export class PostgresListProducts implements IQueryHandler<ListProducts> {
  constructor(private readonly db: Database) {}

  execute({ brandId, cut }: ListProducts): Promise<Page<ProductState>> {
    const where = { brandId, ...(cut.after && { id: LessThan(cut.after) }) };
    return this.db.run(brandId, async () =>
      pageOf(await this.db.manager.find(productTable, { where, order: { id: 'DESC' }, take: cut.limit + 1 }), cut),
    );
  }
}

@QueryHandler(GetProduct)
export class PostgresGetProduct implements IQueryHandler<GetProduct> {
  constructor(
    private readonly products: ProductCatalogue,
    private readonly cache: Cache,
    signals: EventBus<DomainEvent>,
  ) {
    signals.subscribe(({ type, brandId }) => {
      if (type.startsWith('product.')) cache.forget(productsOf(brandId));
    });
  }

  async execute({ brandId, idOrCode }: GetProduct): Promise<ProductState> {
    const found = await this.cache.remember(productsOf(brandId), idOrCode, () => this.products.find(brandId, idOrCode));
    if (!found) throw new ProductNotFound();
    return found.value;
  }
}

const productsOf = (brandId: BrandId): string => `products:${brandId}`;
