import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { BrandChange, BrandState } from '../domain/brand';
import { BrandNotFound } from '../domain/errors';
import { Brands } from '../ports/brands';

/** Renames, suspends or resumes a tenant, or changes its notes or rate limits. */
export class UpdateBrand extends Command<BrandState> {
  constructor(
    readonly brandId: BrandId,
    readonly change: BrandChange,
  ) {
    super();
  }
}

@CommandHandler(UpdateBrand)
export class UpdateBrandHandler implements ICommandHandler<UpdateBrand> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly brands: Brands,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, change }: UpdateBrand): Promise<BrandState> {
    return this.work.run(brandId, async () => {
      const brand = await this.brands.hold(brandId);
      if (!brand) throw new BrandNotFound();
      brand.update(change, this.clock.now());
      await this.brands.save(brand);
      return brand.state;
    });
  }
}
