import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type NewProduct, Product, type ProductState } from '../domain/product';
import { Products } from '../ports/products';

/** Adds what a brand sells, with the defaults of its licenses. */
export class CreateProduct extends Command<ProductState> {
  constructor(
    readonly brandId: BrandId,
    readonly asked: NewProduct,
  ) {
    super();
  }
}

@CommandHandler(CreateProduct)
export class CreateProductHandler implements ICommandHandler<CreateProduct> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly products: Products,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, asked }: CreateProduct): Promise<ProductState> {
    return this.work.run(brandId, async () => {
      const product = Product.create(brandId, asked, this.clock.now());
      await this.products.save(product);
      return product.state;
    });
  }
}
