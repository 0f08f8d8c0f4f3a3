import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { Delivery } from '../domain/delivery';
import { patternsOf, testEventType } from '../domain/event-pattern';
import { Deliveries } from '../ports/deliveries';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

/** Puts events on their way to every endpoint of their brand that wants to be told. */
export class QueueEvents extends Command<void> {
  constructor(
    readonly brandId: BrandId,
    readonly events: readonly { readonly id: string; readonly type: string }[],
  ) {
    super();
  }
}

@CommandHandler(QueueEvents)
export class QueueEventsHandler implements ICommandHandler<QueueEvents> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  async execute({ brandId, events }: QueueEvents): Promise<void> {
    await this.work.run(brandId, async () => {
      const listening = new Map<string, string[]>();
      for (const type of new Set(events.map((event) => event.type))) {
        if (type !== testEventType) listening.set(type, await this.endpoints.listening(brandId, patternsOf(type)));
      }
      const at = this.clock.now();
      const wanted = events.flatMap((event) =>
        (listening.get(event.type) ?? []).map((id) => Delivery.of({ brandId, id }, event, 'event', at)),
      );
      await this.deliveries.add(wanted);
    });
  }
}
