import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ExpiryNotices } from '../ports/expiry-notices';
import { type LicenseName, Licenses } from '../ports/licenses';

export interface Told {
  /** The types of what was told. */
  readonly events: readonly string[];
  /** Whether more licenses may wait to be looked at. */
  readonly more: boolean;
}

/** Looks at some of the licenses that time has done something to, and tells what: what is near its end, has ended, is over for good. */
export class TellOfExpiry extends Command<Told> {
  constructor(
    readonly reach: AllBrands,
    readonly atMost = 200,
  ) {
    super();
  }
}

@CommandHandler(TellOfExpiry)
export class TellOfExpiryHandler implements ICommandHandler<TellOfExpiry> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: Licenses,
    private readonly notices: ExpiryNotices,
    private readonly clock: Clock,
  ) {}

  async execute({ reach, atMost }: TellOfExpiry): Promise<Told> {
    const due = await this.work.run(reach, () => this.licenses.due(reach, this.clock.now(), atMost));
    const looks: string[][] = [];
    const failures: unknown[] = [];
    for (const { brandId, ids } of groupsOf(due)) {
      const look = this.work.run(brandId, () => this.look(brandId, ids));
      await look.then((some) => looks.push(...some)).catch((failure: unknown) => failures.push(failure));
    }
    if (failures.length > 0) throw failures[0];
    // Those that somebody else held are his to look at.
    return { events: looks.flat(), more: due.length === atMost && looks.length > 0 };
  }

  private async look(brandId: BrandId, ids: string[]): Promise<string[][]> {
    const looks: string[][] = [];
    for (const license of await this.licenses.holdDue(brandId, ids, this.clock.now())) {
      looks.push(license.tellOfExpiry(this.notices.daysBefore, this.clock.now()));
      await this.licenses.save(license);
    }
    return looks;
  }
}

/** Few at once, so that nobody waits long for a license that is held. */
const together = 25;

function groupsOf(due: readonly LicenseName[]): { brandId: BrandId; ids: string[] }[] {
  const groups: { brandId: BrandId; ids: string[] }[] = [];
  for (const { brandId, id } of due) {
    const group = groups.find((one) => one.brandId === brandId && one.ids.length < together);
    if (group) group.ids.push(id);
    else groups.push({ brandId, ids: [id] });
  }
  return groups;
}
