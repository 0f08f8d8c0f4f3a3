import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { Delivery } from '../domain/delivery';
import { patternsOf, testEventType } from '../domain/event-pattern';
import { Deliveries } from '../ports/deliveries';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

/** Puts an event on its way to every endpoint of its brand that wants to be told. */
export class QueueEvent extends Command<void> {
  constructor(
    readonly brandId: BrandId,
    readonly event: { readonly id: string; readonly type: string },
  ) {
    super();
  }
}

@CommandHandler(QueueEvent)
export class QueueEventHandler implements ICommandHandler<QueueEvent> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  async execute({ brandId, event }: QueueEvent): Promise<void> {
    if (event.type === testEventType) return;
    await this.work.run(brandId, async () => {
      const listening = await this.endpoints.listening(brandId, patternsOf(event.type));
      await this.deliveries.add(listening.map((id) => Delivery.of({ brandId, id }, event, 'event', this.clock.now())));
    });
  }
}
