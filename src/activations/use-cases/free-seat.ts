import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { LicenseDesk } from '../../licenses';
import type { ActivationState } from '../domain/activation';
import { ActivationNotFound } from '../domain/errors';
import { Activations } from '../ports/activations';

/** The brand takes a seat back from an instance. One that was free already stays so. */
export class FreeSeat extends Command<ActivationState> {
  constructor(
    readonly brandId: BrandId,
    readonly activationId: string,
  ) {
    super();
  }
}

@CommandHandler(FreeSeat)
export class FreeSeatHandler implements ICommandHandler<FreeSeat> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: LicenseDesk,
    private readonly activations: Activations,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, activationId }: FreeSeat): Promise<ActivationState> {
    return this.work.run(brandId, async () => {
      const found = await this.activations.find(brandId, activationId);
      if (!found) throw new ActivationNotFound();
      // The license is always held first, everywhere; then the seat is read again, as it is now.
      const license = await this.licenses.holdById(brandId, found.state.licenseId);
      const activation = (await this.activations.find(brandId, activationId))!;
      if (!activation.holdsSeat) return activation.state;

      license.freeSeat(this.clock.now());
      await this.licenses.keep(license);
      activation.end(license.state, this.clock.now());
      await this.activations.save(activation);
      return activation.state;
    });
  }
}
