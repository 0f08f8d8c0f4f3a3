import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { EventNotFound } from '../../events';
import type { WebhookEndpoint } from '../domain/endpoint';
import { EndpointNotFound, ReplayTooLarge } from '../domain/errors';
import { Deliveries, type PastEvent } from '../ports/deliveries';
import { PastEvents, type Range } from '../ports/past-events';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

/** One event, whatever it is; or all of a range that pass the endpoint's filter. */
export type Wanted = { readonly eventId: string } | Range;

/** Sends an endpoint events of the past once more, whatever became of them; answers how many. */
export class ReplayEvents extends Command<number> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly wanted: Wanted,
  ) {
    super();
  }
}

const most = 10_000;

@CommandHandler(ReplayEvents)
export class ReplayEventsHandler implements ICommandHandler<ReplayEvents> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly deliveries: Deliveries,
    private readonly past: PastEvents,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, wanted }: ReplayEvents): Promise<number> {
    return this.work.run(brandId, async () => {
      const endpoint = await this.endpoints.hold(brandId, id);
      if (!endpoint) throw new EndpointNotFound();
      endpoint.ensureEnabled();
      const events = 'eventId' in wanted ? await this.one(brandId, wanted.eventId) : await this.all(endpoint, wanted);
      await this.deliveries.replay(endpoint.state, events, this.clock.now());
      return events.length;
    });
  }

  private async one(brandId: BrandId, id: string): Promise<PastEvent[]> {
    const event = await this.past.find(brandId, id);
    if (!event) throw new EventNotFound();
    return [event];
  }

  private async all({ state: { brandId, eventTypes } }: WebhookEndpoint, range: Range): Promise<PastEvent[]> {
    const events = await this.past.within(brandId, range, eventTypes, most + 1);
    if (events.length > most) throw new ReplayTooLarge(most);
    return events;
  }
}
