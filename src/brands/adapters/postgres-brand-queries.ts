import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import type { BrandState } from '../domain/brand';
import { BrandDirectory } from '../ports/brand-directory';
import { GetBrand } from '../use-cases/get-brand';
import { ListBrands } from '../use-cases/list-brands';
import { brandTable } from './postgres-brands';

@QueryHandler(ListBrands)
export class PostgresListBrands implements IQueryHandler<ListBrands> {
  constructor(private readonly db: Database) {}

  execute({ reach, cut }: ListBrands): Promise<Page<BrandState>> {
    return this.db.run(reach, async () => {
      const brands = this.db.manager
        .createQueryBuilder(brandTable, 'brand')
        .orderBy('brand.id', 'DESC')
        .take(cut.limit + 1);
      if (cut.after) brands.where('brand.id < :after', { after: cut.after });
      return pageOf(await brands.getMany(), cut);
    });
  }
}

@QueryHandler(GetBrand)
export class PostgresGetBrand implements IQueryHandler<GetBrand> {
  constructor(private readonly brands: BrandDirectory) {}

  execute({ brandId }: GetBrand): Promise<BrandState> {
    return this.brands.get(brandId);
  }
}
