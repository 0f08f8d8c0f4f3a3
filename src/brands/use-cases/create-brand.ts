import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AllBrands } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { Brand, type BrandState, type NewBrand } from '../domain/brand';
import { Brands } from '../ports/brands';

/** Opens a tenant. */
export class CreateBrand extends Command<BrandState> {
  constructor(
    readonly reach: AllBrands,
    readonly asked: NewBrand,
  ) {
    super();
  }
}

@CommandHandler(CreateBrand)
export class CreateBrandHandler implements ICommandHandler<CreateBrand> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly brands: Brands,
    private readonly clock: Clock,
  ) {}

  execute({ reach, asked }: CreateBrand): Promise<BrandState> {
    return this.work.run(reach, async () => {
      const brand = Brand.create(asked, this.clock.now());
      await this.brands.save(brand);
      return brand.state;
    });
  }
}
