import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { LicenseNotFound } from '../domain/errors';
import type { LicenseState, Renewal } from '../domain/license';
import { ExpiryNotices } from '../ports/expiry-notices';
import { Licenses } from '../ports/licenses';

/** Moves the end of a license, never towards now. */
export class RenewLicense extends Command<LicenseState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly renewal: Renewal,
  ) {
    super();
  }
}

@CommandHandler(RenewLicense)
export class RenewLicenseHandler implements ICommandHandler<RenewLicense> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: Licenses,
    private readonly notices: ExpiryNotices,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, renewal }: RenewLicense): Promise<LicenseState> {
    return this.work.run(brandId, async () => {
      const license = await this.licenses.hold(brandId, id);
      if (!license) throw new LicenseNotFound();
      license.renew(renewal, this.clock.now(), this.notices.daysBefore);
      await this.licenses.save(license);
      return license.state;
    });
  }
}
