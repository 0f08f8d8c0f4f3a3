import { Injectable } from '@nestjs/common';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { LicenseDesk } from '../../licenses';
import { Activations } from '../ports/activations';
import { type Decided, type Decision, type SeatCall, Seats } from '../ports/seats';

/** A unit of work for every call: what a shared one has to come to as well. */
@Injectable()
export class SeatsOneByOne implements Seats {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: LicenseDesk,
    private readonly activations: Activations,
    private readonly clock: Clock,
  ) {}

  decide({ key, productCode, instanceId }: SeatCall, decision: Decision): Promise<Decided> {
    return this.work.run(key.brandId, async () => {
      const license = await this.licenses.hold(key, productCode);
      const known = await this.activations.ofInstance(key.brandId, license.state.id, instanceId);
      const { version } = license.state;
      const activation = decision(license, known, this.clock.now());
      if (license.state.version !== version) await this.licenses.keep(license);
      if (activation) await this.activations.save(activation);
      return { license: license.state, activation };
    });
  }
}
