import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { LicenseNotFound } from '../domain/errors';
import type { LicenseState } from '../domain/license';
import { Licenses } from '../ports/licenses';

/** Lets a license work for longer after its end. */
export class ExtendGrace extends Command<LicenseState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly days: number,
    readonly reason: string | undefined,
  ) {
    super();
  }
}

@CommandHandler(ExtendGrace)
export class ExtendGraceHandler implements ICommandHandler<ExtendGrace> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: Licenses,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, days, reason }: ExtendGrace): Promise<LicenseState> {
    return this.work.run(brandId, async () => {
      const license = await this.licenses.hold(brandId, id);
      if (!license) throw new LicenseNotFound();
      license.extendGrace(days, reason, this.clock.now());
      await this.licenses.save(license);
      return license.state;
    });
  }
}
