import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type KeyInHand, LicenseDesk, type LicenseState } from '../../licenses';
import { Activations } from '../ports/activations';

export interface Deactivated {
  /** false when the instance held no seat. */
  readonly deactivated: boolean;
  readonly license: LicenseState;
}

/** An instance gives its seat back; of an expired or suspended license too. Repeating it changes nothing. */
export class DeactivateInstance extends Command<Deactivated> {
  constructor(
    readonly key: KeyInHand,
    readonly productCode: string,
    readonly instanceId: string,
  ) {
    super();
  }
}

@CommandHandler(DeactivateInstance)
export class DeactivateInstanceHandler implements ICommandHandler<DeactivateInstance> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: LicenseDesk,
    private readonly activations: Activations,
    private readonly clock: Clock,
  ) {}

  execute({ key, productCode, instanceId }: DeactivateInstance): Promise<Deactivated> {
    return this.work.run(key.brandId, async () => {
      const license = await this.licenses.hold(key, productCode);
      const activation = await this.activations.ofInstance(key.brandId, license.state.id, instanceId);
      if (!activation?.holdsSeat) return { deactivated: false, license: license.state };

      await this.licenses.freeSeat(license);
      activation.end(license.state, this.clock.now());
      await this.activations.save(activation);
      return { deactivated: true, license: license.state };
    });
  }
}
