import { ArrayMaxSize, ArrayUnique, IsIn, IsInt, Max, Min, ValidateBy } from 'class-validator';
import { IsInstant, IsLine, IsPublicId, Optional, OptionalOrNull } from '../../../libs/http/dto-rules';
import { PageQuery } from '../../../libs/http/paging';
import { publicId } from '../../../libs/kernel/id';
import type { Attempt, DeliveryCause, DeliveryStatus } from '../domain/delivery';
import type { DisabledReason, EndpointState, EndpointStatus } from '../domain/endpoint';
import { faultOfPattern } from '../domain/event-pattern';
import type { EndpointWithSecret } from '../use-cases/create-webhook-endpoint';
import type { DeliveryLog } from '../use-cases/list-deliveries';

const IsEventPatterns = (): PropertyDecorator =>
  ValidateBy({
    name: 'isEventPatterns',
    validator: {
      validate: (value) => faultOfPatterns(value) === null,
      defaultMessage: (args) => `event_types ${faultOfPatterns(args?.value)}`,
    },
  });

function faultOfPatterns(value: unknown): string | null {
  if (!Array.isArray(value) || value.length === 0) return 'must be a list of types of events, as /event-types has them: ["license.*"]';
  return value.map(faultOfPattern).find((fault) => fault !== null) ?? null;
}

export class CreateWebhookEndpointBody {
  /** Where to send: https, port 443 or 8443, a public address. @example "https://shop.example/hooks/latchkey" */
  @IsLine(2048)
  url!: string;

  /** What to send: types (`license.renewed`), kinds (`license.*`) or everything (`*`). They are listed at `/event-types`. @example ["license.*"] */
  @ArrayUnique()
  @ArrayMaxSize(50)
  @IsEventPatterns()
  event_types!: string[];

  /** @example "shop backend" */
  @OptionalOrNull()
  @IsLine(500)
  description?: string | null;
}

export class UpdateWebhookEndpointBody {
  /** @example "https://shop.example/hooks/latchkey" */
  @Optional()
  @IsLine(2048)
  url?: string;

  /** @example ["license.*", "seat.*"] */
  @Optional()
  @ArrayUnique()
  @ArrayMaxSize(50)
  @IsEventPatterns()
  event_types?: string[];

  /** @example "shop backend" */
  @OptionalOrNull()
  @IsLine(500)
  description?: string | null;

  /** `disabled`: nothing is sent, what waits is cancelled; `enabled`: what happens from now on is. @example "enabled" */
  @Optional()
  @IsIn(['enabled', 'disabled'])
  status?: EndpointStatus;
}

export class RotateWebhookSecretBody {
  /** For how long the old secret signs as well: 0 (not at all) to 604800 (a week). Absent: 86400. @example 3600 */
  @Optional()
  @Max(604_800)
  @Min(0)
  @IsInt()
  overlap_seconds?: number;
}

export class ReplayBody {
  /** One event, whether or not the filter lets it through. @example "evt_06efg00000e0082000000000000" */
  @Optional()
  @IsPublicId('event')
  event_id?: string;

  /** Or all that the filter lets through, from then on. @example "2026-11-23T12:00:00Z" */
  @Optional()
  @IsInstant()
  since?: string;

  /** Up to then; absent: up to now. @example "2026-11-23T13:00:00Z" */
  @Optional()
  @IsInstant()
  until?: string;
}

export class DeliveriesQuery extends PageQuery {
  /** Only those. @example "failed" */
  @Optional()
  @IsIn(['pending', 'succeeded', 'failed', 'cancelled'])
  status?: DeliveryStatus;
}

export class WebhookEndpointObject {
  /** @example "whe_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** @example "https://shop.example/hooks/latchkey" */
  url!: string;
  /** @example ["license.*"] */
  event_types!: string[];
  /** @example "shop backend" */
  description!: string | null;
  /** @example "enabled" */
  status!: EndpointStatus;
  /** `requested`; `gone`: it answered 410; `failing`: for five days nothing but failures; `deleted`. @example null */
  disabled_reason!: DisabledReason | null;
  /** Since when it has answered with nothing but failures. @example null */
  failing_since!: string | null;
  /** @example 1 */
  version!: number;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  updated_at!: string;
}

export class WebhookEndpointWithSecret extends WebhookEndpointObject {
  /** By which you check that a message is ours (Standard Webhooks). Shown this once. @example "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=" */
  secret!: string;
}

export class AttemptObject {
  /** @example 1 */
  number!: number;
  /** What was answered; null when nothing was. @example 200 */
  status!: number | null;
  /** Why nothing was answered. @example null */
  error!: string | null;
  /** @example 84 */
  latency_ms!: number;
  /** The first 2 KB of the answer; null once they are no longer kept. @example "ok" */
  answer!: string | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  attempted_at!: string;
}

export class WebhookDeliveryObject {
  /** @example "whd_06efg00000e0082000000000000" */
  id!: string;
  /** @example "whe_06efg00000e0082000000000000" */
  endpoint_id!: string;
  /** The header `webhook-id`. @example "evt_06efg00000e0082000000000000" */
  event_id!: string;
  /** @example "license.renewed" */
  event_type!: string;
  /** @example "event" */
  cause!: DeliveryCause;
  /** `failed`: it will not be tried again unless you replay it; `cancelled`: the endpoint was disabled or deleted. @example "succeeded" */
  status!: DeliveryStatus;
  attempts!: AttemptObject[];
  /** @example null */
  next_attempt_at!: string | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  settled_at!: string | null;
}

export class ReplayedObject {
  /** How many events are sent once more. @example 12 */
  replayed!: number;
}

export const webhookEndpointObject = (endpoint: EndpointState): WebhookEndpointObject => ({
  id: publicId('webhookEndpoint', endpoint.id),
  brand_id: publicId('brand', endpoint.brandId),
  url: endpoint.url,
  event_types: endpoint.eventTypes,
  description: endpoint.description,
  status: endpoint.status,
  disabled_reason: endpoint.disabledReason,
  failing_since: endpoint.failingSince?.toISOString() ?? null,
  version: endpoint.version,
  created_at: endpoint.createdAt.toISOString(),
  updated_at: endpoint.updatedAt.toISOString(),
});

export const webhookEndpointWithSecret = ({ state, secret }: EndpointWithSecret): WebhookEndpointWithSecret => ({
  ...webhookEndpointObject(state),
  secret,
});

export const webhookDeliveryObject = ({ state, attempts }: Omit<DeliveryLog, 'id'>): WebhookDeliveryObject => ({
  id: publicId('webhookDelivery', state.id),
  endpoint_id: publicId('webhookEndpoint', state.endpointId),
  event_id: publicId('event', state.eventId),
  event_type: state.eventType,
  cause: state.cause,
  status: state.status,
  attempts: attempts.map(attemptObject),
  next_attempt_at: state.nextAttemptAt?.toISOString() ?? null,
  created_at: state.createdAt.toISOString(),
  settled_at: state.settledAt?.toISOString() ?? null,
});

const attemptObject = ({ number, status, error, latencyMs, answer, attemptedAt }: Attempt): AttemptObject => ({
  number,
  status,
  error,
  latency_ms: latencyMs,
  answer,
  attempted_at: attemptedAt.toISOString(),
});
