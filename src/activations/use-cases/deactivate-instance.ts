import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { KeyInHand, LicenseState } from '../../licenses';
import { Seats } from '../ports/seats';

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
  constructor(private readonly seats: Seats) {}

  async execute({ key, productCode, instanceId }: DeactivateInstance): Promise<Deactivated> {
    const { license, activation } = await this.seats.decide({ key, productCode, instanceId }, (license, known, at) => {
      if (!known?.holdsSeat) return null;
      license.freeSeat(at);
      known.end(license.state, at);
      return known;
    });
    return { deactivated: activation !== null, license };
  }
}
