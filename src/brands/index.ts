export { BrandsModule } from './brands.module';
export { BrandDirectory } from './ports/brand-directory';
export { ProductCatalogue } from './ports/product-catalogue';
export { BrandNotFound, ProductNotFound } from './domain/errors';
export type { BrandState } from './domain/brand';
export type { ProductState } from './domain/product';
export { CreateBrand } from './use-cases/create-brand';
export { ListBrands } from './use-cases/list-brands';
export { CreateProduct } from './use-cases/create-product';
