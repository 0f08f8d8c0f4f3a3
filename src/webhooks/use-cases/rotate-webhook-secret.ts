import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { EndpointNotFound } from '../domain/errors';
import { EndpointSecrets } from '../ports/endpoint-secrets';
import { WebhookEndpoints } from '../ports/webhook-endpoints';
import type { EndpointWithSecret } from './create-webhook-endpoint';

/** Gives an endpoint a new secret; for the overlap the old one signs as well. */
export class RotateWebhookSecret extends Command<EndpointWithSecret> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly overlapSeconds: number,
  ) {
    super();
  }
}

@CommandHandler(RotateWebhookSecret)
export class RotateWebhookSecretHandler implements ICommandHandler<RotateWebhookSecret> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly endpoints: WebhookEndpoints,
    private readonly secrets: EndpointSecrets,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, overlapSeconds }: RotateWebhookSecret): Promise<EndpointWithSecret> {
    return this.work.run(brandId, async () => {
      const endpoint = await this.endpoints.hold(brandId, id);
      if (!endpoint) throw new EndpointNotFound();
      const { text, sealed } = this.secrets.mint(id);
      endpoint.rotate(sealed, overlapSeconds, this.clock.now());
      await this.endpoints.save(endpoint);
      return { state: endpoint.state, secret: text };
    });
  }
}
