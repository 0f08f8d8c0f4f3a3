import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ensureUsable, type KeyInHand, type LicenseState } from '../../licenses';
import { Activation, type ActivationState, type Instance } from '../domain/activation';
import { Seats } from '../ports/seats';

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
  constructor(private readonly seats: Seats) {}

  async execute({ key, productCode, instance }: ActivateLicense): Promise<Activated> {
    let tookSeat = false;
    const decided = await this.seats.decide({ key, productCode, instanceId: instance.id }, (license, known, at) => {
      ensureUsable(license.state, at);
      tookSeat = !known?.holdsSeat;
      if (tookSeat) license.takeSeat(at);

      if (!known) return Activation.open(license.state, instance, at);
      if (tookSeat) known.restore(license.state, instance, at);
      else known.seen(instance, at);
      return known;
    });
    return { activation: decided.activation!.state, license: decided.license, tookSeat };
  }
}
