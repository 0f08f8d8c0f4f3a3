import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { LicenseNotFound } from '../domain/errors';
import type { LicenseState, LicenseStatus } from '../domain/license';
import { ExpiryNotices } from '../ports/expiry-notices';
import { Licenses } from '../ports/licenses';

/** Suspends, resumes or cancels a license. */
export class SetLicenseStatus extends Command<LicenseState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly status: LicenseStatus,
    readonly reason: string | undefined,
  ) {
    super();
  }
}

@CommandHandler(SetLicenseStatus)
export class SetLicenseStatusHandler implements ICommandHandler<SetLicenseStatus> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: Licenses,
    private readonly notices: ExpiryNotices,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, status, reason }: SetLicenseStatus): Promise<LicenseState> {
    return this.work.run(brandId, async () => {
      const license = await this.licenses.hold(brandId, id);
      if (!license) throw new LicenseNotFound();
      license.becomes(status, reason, this.clock.now(), this.notices.daysBefore);
      await this.licenses.save(license);
      return license.state;
    });
  }
}
