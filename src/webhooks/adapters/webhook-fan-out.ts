import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { installation } from '../../../libs/kernel/brand-id';
import { type LoggedEvent, Subscribe } from '../../../libs/messaging/subscribers';
import { QueueEvents } from '../use-cases/queue-events';

/** Hears of every event of every brand. */
@Injectable()
export class WebhookFanOut {
  constructor(private readonly commands: CommandBus) {}

  @Subscribe('*')
  async hear(events: readonly LoggedEvent[]): Promise<void> {
    const { brandId } = events[0]!;
    // What happens to the installation itself happens in no brand, so nobody has an endpoint for it.
    if (brandId !== installation) await this.commands.execute(new QueueEvents(brandId, events));
  }
}
