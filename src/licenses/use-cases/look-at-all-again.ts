import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AllBrands } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type LicenseName, Licenses } from '../ports/licenses';

/** Makes the clock look at every license again that time still does something to: the days before the end were set anew. */
export class LookAtAllAgain extends Command<void> {
  constructor(
    readonly reach: AllBrands,
    readonly atOnce = 500,
  ) {
    super();
  }
}

@CommandHandler(LookAtAllAgain)
export class LookAtAllAgainHandler implements ICommandHandler<LookAtAllAgain> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: Licenses,
    private readonly clock: Clock,
  ) {}

  async execute({ reach, atOnce }: LookAtAllAgain): Promise<void> {
    let last: LicenseName | null = null;
    do {
      const after: LicenseName | null = last;
      last = await this.work.run(reach, () => this.licenses.makeDue(reach, this.clock.now(), after, atOnce));
    } while (last);
  }
}
