import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type KeyInHand, LicenseDesk, type LicenseState } from '../../licenses';
import { Activation, type ActivationState, type Instance } from '../domain/activation';
import { Activations } from '../ports/activations';

export interface Activated {
  readonly activation: ActivationState;
  readonly license: LicenseState;
  /** false when the instance held its seat already. */
  readonly tookSeat: boolean;
}

/** Gives an instance a seat of the license; an instance that has one keeps it. */
export class ActivateLicense extends Command<Activated> {
  constructor(
    readonly key: KeyInHand,
    readonly productCode: string,
    readonly instance: Instance,
  ) {
    super();
  }
}

@CommandHandler(ActivateLicense)
export class ActivateLicenseHandler implements ICommandHandler<ActivateLicense> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: LicenseDesk,
    private readonly activations: Activations,
    private readonly clock: Clock,
  ) {}

  execute({ key, productCode, instance }: ActivateLicense): Promise<Activated> {
    return this.work.run(key.brandId, async () => {
      const license = await this.licenses.hold(key, productCode);
      this.licenses.ensureUsable(license);
      const known = await this.activations.ofInstance(key.brandId, license.state.id, instance.id);
      const tookSeat = !known?.holdsSeat;
      if (tookSeat) await this.licenses.takeSeat(license);

      const activation = known ?? Activation.open(license.state, instance, this.clock.now());
      if (known && tookSeat) known.restore(license.state, instance, this.clock.now());
      if (known && !tookSeat) known.seen(instance, this.clock.now());
      await this.activations.save(activation);
      return { activation: activation.state, license: license.state, tookSeat };
    });
  }
}
