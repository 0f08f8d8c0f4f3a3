import { Module } from '@nestjs/common';
import { BrandsController } from './adapters/brands.controller';
import { PostgresBrandLimits } from './adapters/postgres-brand-limits';
import { PostgresBrandDirectory } from './adapters/postgres-brand-directory';
import { PostgresGetBrand, PostgresListBrands } from './adapters/postgres-brand-queries';
import { PostgresBrands } from './adapters/postgres-brands';
import { PostgresGetProduct, PostgresListProducts, PostgresProductCatalogue } from './adapters/postgres-product-queries';
import { PostgresProducts } from './adapters/postgres-products';
import { ProductsController } from './adapters/products.controller';
import { BrandDirectory } from './ports/brand-directory';
import { BrandLimits } from './ports/brand-limits';
import { Brands } from './ports/brands';
import { ProductCatalogue } from './ports/product-catalogue';
import { Products } from './ports/products';
import { CreateBrandHandler } from './use-cases/create-brand';
import { CreateProductHandler } from './use-cases/create-product';
import { UpdateBrandHandler } from './use-cases/update-brand';
import { UpdateProductHandler } from './use-cases/update-product';

@Module({
  controllers: [BrandsController, ProductsController],
  providers: [
    CreateBrandHandler,
    UpdateBrandHandler,
    PostgresListBrands,
    PostgresGetBrand,
    CreateProductHandler,
    UpdateProductHandler,
    PostgresListProducts,
    PostgresGetProduct,
    { provide: Brands, useClass: PostgresBrands },
    { provide: Products, useClass: PostgresProducts },
    { provide: BrandDirectory, useClass: PostgresBrandDirectory },
    PostgresBrandLimits,
    { provide: BrandLimits, useExisting: PostgresBrandLimits },
    { provide: ProductCatalogue, useClass: PostgresProductCatalogue },
  ],
  exports: [BrandDirectory, BrandLimits, ProductCatalogue],
})
export class BrandsModule {}
