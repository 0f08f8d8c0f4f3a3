import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { LicenseNotFound } from '../domain/errors';
import type { LicenseChange, LicenseState } from '../domain/license';
import { Licenses } from '../ports/licenses';

/** Changes the seat limit, the entitlements or the notes of a license. */
export class UpdateLicense extends Command<LicenseState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly change: LicenseChange,
  ) {
    super();
  }
}

@CommandHandler(UpdateLicense)
export class UpdateLicenseHandler implements ICommandHandler<UpdateLicense> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: Licenses,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, change }: UpdateLicense): Promise<LicenseState> {
    return this.work.run(brandId, async () => {
      const license = await this.licenses.hold(brandId, id);
      if (!license) throw new LicenseNotFound();
      license.update(change, this.clock.now());
      await this.licenses.save(license);
      return license.state;
    });
  }
}
