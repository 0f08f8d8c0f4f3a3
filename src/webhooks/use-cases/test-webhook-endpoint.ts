import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { Delivery, type DeliveryState } from '../domain/delivery';
import { EndpointNotFound } from '../domain/errors';
import { Deliveries } from '../ports/deliveries';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

/** Sends an endpoint something that means nothing, the way that everything goes. */
export class TestWebhookEndpoint extends Command<DeliveryState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
  ) {
    super();
  }
}

@CommandHandler(TestWebhookEndpoint)
export class TestWebhookEndpointHandler implements ICommandHandler<TestWebhookEndpoint> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id }: TestWebhookEndpoint): Promise<DeliveryState> {
    return this.work.run(brandId, async () => {
      const endpoint = await this.endpoints.hold(brandId, id);
      if (!endpoint) throw new EndpointNotFound();
      const event = endpoint.test(this.clock.now());
      await this.endpoints.save(endpoint);
      const delivery = Delivery.of(endpoint.state, event, 'test', this.clock.now());
      await this.deliveries.add([delivery]);
      return delivery.state;
    });
  }
}
