import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { EndpointChange, EndpointState } from '../domain/endpoint';
import { EndpointNotFound } from '../domain/errors';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

/** Changes an endpoint, switches it off or on again. What waits when it is switched off, or happens while it is, is not sent later. */
export class UpdateWebhookEndpoint extends Command<EndpointState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly change: EndpointChange,
  ) {
    super();
  }
}

@CommandHandler(UpdateWebhookEndpoint)
export class UpdateWebhookEndpointHandler implements ICommandHandler<UpdateWebhookEndpoint> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, change }: UpdateWebhookEndpoint): Promise<EndpointState> {
    return this.work.run(brandId, async () => {
      const endpoint = await this.endpoints.hold(brandId, id);
      if (!endpoint) throw new EndpointNotFound();
      endpoint.update(change, this.clock.now());
      await this.endpoints.save(endpoint);
      return endpoint.state;
    });
  }
}
