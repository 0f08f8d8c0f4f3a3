import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { EndpointState } from '../domain/endpoint';
import { EndpointNotFound } from '../domain/errors';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

/** Ends an endpoint for good; what still waits for it is cancelled soon after. */
export class DeleteWebhookEndpoint extends Command<EndpointState> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
  ) {
    super();
  }
}

@CommandHandler(DeleteWebhookEndpoint)
export class DeleteWebhookEndpointHandler implements ICommandHandler<DeleteWebhookEndpoint> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id }: DeleteWebhookEndpoint): Promise<EndpointState> {
    return this.work.run(brandId, async () => {
      const endpoint = await this.endpoints.hold(brandId, id);
      if (!endpoint) throw new EndpointNotFound();
      endpoint.delete(this.clock.now());
      await this.endpoints.save(endpoint);
      return endpoint.state;
    });
  }
}
