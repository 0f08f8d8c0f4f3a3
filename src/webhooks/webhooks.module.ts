import { Module } from '@nestjs/common';
import { DeliveryBell } from './adapters/delivery-bell';
import { HttpReceiver } from './adapters/http-receiver';
import { PostgresDeliveries } from './adapters/postgres-deliveries';
import { PostgresPastEvents } from './adapters/postgres-past-events';
import { PostgresWebhookEndpoints } from './adapters/postgres-webhook-endpoints';
import { PostgresGetWebhookEndpoint, PostgresListDeliveries, PostgresListWebhookEndpoints } from './adapters/postgres-webhook-queries';
import { SealedEndpointSecrets } from './adapters/sealed-endpoint-secrets';
import { WebhookDeliveriesController } from './adapters/webhook-deliveries.controller';
import { WebhookEndpointsController } from './adapters/webhook-endpoints.controller';
import { WebhookFanOut } from './adapters/webhook-fan-out';
import { WebhookHousekeeping } from './adapters/webhook-housekeeping';
import { WebhookMetrics } from './adapters/webhook-metrics';
import { WebhookSender } from './adapters/webhook-sender';
import { Deliveries } from './ports/deliveries';
import { EndpointSecrets } from './ports/endpoint-secrets';
import { PastEvents } from './ports/past-events';
import { Receiver } from './ports/receiver';
import { WebhookEndpoints } from './ports/webhook-endpoints';
import { ClaimDeliveriesHandler } from './use-cases/claim-deliveries';
import { CreateWebhookEndpointHandler } from './use-cases/create-webhook-endpoint';
import { DeleteWebhookEndpointHandler } from './use-cases/delete-webhook-endpoint';
import { QueueEventsHandler } from './use-cases/queue-events';
import { RenewClaimsHandler } from './use-cases/renew-claims';
import { ReplayEventsHandler } from './use-cases/replay-events';
import { RotateWebhookSecretHandler } from './use-cases/rotate-webhook-secret';
import { SettleDeliveryHandler } from './use-cases/settle-delivery';
import { TestWebhookEndpointHandler } from './use-cases/test-webhook-endpoint';
import { UpdateWebhookEndpointHandler } from './use-cases/update-webhook-endpoint';

@Module({
  controllers: [WebhookEndpointsController, WebhookDeliveriesController],
  providers: [
    CreateWebhookEndpointHandler,
    UpdateWebhookEndpointHandler,
    DeleteWebhookEndpointHandler,
    RotateWebhookSecretHandler,
    TestWebhookEndpointHandler,
    ReplayEventsHandler,
    QueueEventsHandler,
    ClaimDeliveriesHandler,
    SettleDeliveryHandler,
    RenewClaimsHandler,
    PostgresListWebhookEndpoints,
    PostgresGetWebhookEndpoint,
    PostgresListDeliveries,
    DeliveryBell,
    WebhookFanOut,
    WebhookSender,
    WebhookHousekeeping,
    WebhookMetrics,
    { provide: WebhookEndpoints, useClass: PostgresWebhookEndpoints },
    { provide: Deliveries, useClass: PostgresDeliveries },
    { provide: PastEvents, useClass: PostgresPastEvents },
    { provide: EndpointSecrets, useClass: SealedEndpointSecrets },
    { provide: Receiver, useClass: HttpReceiver },
  ],
})
export class WebhooksModule {}
