import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ProductNotFound } from '../domain/errors';
import type { ProductChange, ProductState } from '../domain/product';
import { Products } from '../ports/products';

/** Changes a product and the defaults of its licenses to come, or archives it. */
export class UpdateProduct extends Command<ProductState> {
  constructor(
    readonly brandId: BrandId,
    readonly idOrCode: string,
    readonly change: ProductChange,
  ) {
    super();
  }
}

@CommandHandler(UpdateProduct)
export class UpdateProductHandler implements ICommandHandler<UpdateProduct> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly products: Products,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, idOrCode, change }: UpdateProduct): Promise<ProductState> {
    return this.work.run(brandId, async () => {
      const product = await this.products.hold(brandId, idOrCode);
      if (!product) throw new ProductNotFound();
      product.update(change, this.clock.now());
      await this.products.save(product);
      return product.state;
    });
  }
}
