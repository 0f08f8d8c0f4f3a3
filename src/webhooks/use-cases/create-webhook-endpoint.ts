import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type EndpointState, type NewEndpoint, WebhookEndpoint } from '../domain/endpoint';
import { EndpointSecrets } from '../ports/endpoint-secrets';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

/** An endpoint with its secret, which is told this once. */
export interface EndpointWithSecret {
  readonly state: EndpointState;
  readonly secret: string;
}

/** Names an address to which events of the brand are sent from now on. */
export class CreateWebhookEndpoint extends Command<EndpointWithSecret> {
  constructor(
    readonly brandId: BrandId,
    readonly wanted: NewEndpoint,
  ) {
    super();
  }
}

@CommandHandler(CreateWebhookEndpoint)
export class CreateWebhookEndpointHandler implements ICommandHandler<CreateWebhookEndpoint> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly secrets: EndpointSecrets,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, wanted }: CreateWebhookEndpoint): Promise<EndpointWithSecret> {
    return this.work.run(brandId, async () => {
      const id = newId();
      const { text, sealed } = this.secrets.mint(id);
      const others = await this.endpoints.count(brandId);
      const endpoint = WebhookEndpoint.create(brandId, id, wanted, others, sealed, this.clock.now());
      await this.endpoints.save(endpoint);
      return { state: endpoint.state, secret: text };
    });
  }
}
