import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { Answer } from '../domain/delivery';
import { type Claimed, Deliveries } from '../ports/deliveries';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

export interface Settled {
  /** Whether it still was the sender's to tell. */
  readonly told: boolean;
  /** Whether more is due at the endpoint. */
  readonly more: boolean;
}

/** Writes down what a receiver made of a try, and draws the conclusions. */
export class SettleDelivery extends Command<Settled> {
  constructor(
    readonly claimed: Claimed,
    readonly answer: Answer,
    /** Of 0 to 1, for the spread of the schedule. */
    readonly chance: number,
  ) {
    super();
  }
}

@CommandHandler(SettleDelivery)
export class SettleDeliveryHandler implements ICommandHandler<SettleDelivery> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  execute({ claimed: { brandId, id, endpointId, claimedAt, lease }, answer, chance }: SettleDelivery): Promise<Settled> {
    return this.work.run(brandId, async () => {
      // The endpoint first: whoever holds both takes them in this order.
      const endpoint = await this.endpoints.hold(brandId, endpointId);
      const delivery = await this.deliveries.hold(brandId, id);
      if (!endpoint || !delivery?.isHeldBy(lease)) return { told: false, more: false };

      const at = this.clock.now();
      const attempt = delivery.answered(answer, claimedAt, at, chance);
      await this.deliveries.save(delivery, attempt);
      endpoint.answered(answer, at);
      if (endpoint.changes.length > 0) await this.endpoints.save(endpoint);
      return { told: true, more: endpoint.isEnabled && (await this.deliveries.anyDue(brandId, endpointId, at)) };
    });
  }
}
