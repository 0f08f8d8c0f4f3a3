import { Injectable } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ActivateLicense, FreeSeat, ListActivations } from '../../activations';
import { type KeyInHand, LicenseDesk, SeatLimitReached } from '../../licenses';

/** One machine at a time, where a license has one seat: whoever comes takes it from whoever has it. Where it has more, nobody is sent away. */
@Injectable()
export class OneMachine {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: LicenseDesk,
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  /** Answers whether the machine has a seat now. @throws what else an activation is refused with */
  async seat(key: KeyInHand, productCode: string, machine: string): Promise<boolean> {
    try {
      await this.activate(key, productCode, machine);
      return true;
    } catch (error) {
      if (!(error instanceof SeatLimitReached)) throw error;
      return error.facts.limit === 1 && (await this.takeOver(key, productCode, machine));
    }
  }

  /** The license is held from before its seat is looked at until the machine has it, so no two take it over at once. */
  private takeOver(key: KeyInHand, productCode: string, machine: string): Promise<boolean> {
    return this.work.run(key.brandId, async () => {
      const { state } = await this.licenses.hold(key, productCode);
      if (state.seatLimit !== 1) return false;
      const seats = new ListActivations(key.brandId, state.id, false, { limit: 100, after: null });
      const { items } = await this.queries.execute(seats);
      for (const { id, instanceId } of items) if (instanceId !== machine) await this.commands.execute(new FreeSeat(key.brandId, id));
      await this.activate(key, productCode, machine);
      return true;
    });
  }

  private activate(key: KeyInHand, productCode: string, id: string) {
    return this.commands.execute(new ActivateLicense(key, productCode, { id }));
  }
}
