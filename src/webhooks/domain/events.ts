import { DomainEvent, EventType } from '../../../libs/kernel/domain-event';
import { testEventType } from './event-pattern';

/** The endpoint as it is afterwards, without its secret; and without the path of its address, which may hold one too. */
export interface EndpointFacts {
  readonly id: string;
  readonly version: number;
  readonly origin: string;
  readonly event_types: readonly string[];
  readonly status: string;
}

const anEndpoint: EndpointFacts = {
  id: 'whe_06efg00000e0082000000000000',
  version: 1,
  origin: 'https://shop.example',
  event_types: ['license.*'],
  status: 'enabled',
};
const disabled = { ...anEndpoint, version: 2, status: 'disabled' };

@EventType('webhook_endpoint.created', 'A webhook endpoint was made.', anEndpoint)
export class WebhookEndpointCreated extends DomainEvent<EndpointFacts> {}
@EventType('webhook_endpoint.updated', 'The address, the filter or the description of a webhook endpoint was changed.', anEndpoint)
export class WebhookEndpointUpdated extends DomainEvent<EndpointFacts> {}
@EventType(
  'webhook_endpoint.secret_rotated',
  'A webhook endpoint got a new secret; the old one signs too until its overlap is over.',
  anEndpoint,
)
export class WebhookEndpointSecretRotated extends DomainEvent<EndpointFacts> {}
@EventType('webhook_endpoint.enabled', 'A webhook endpoint gets events again.', { ...anEndpoint, version: 3 })
export class WebhookEndpointEnabled extends DomainEvent<EndpointFacts> {}
@EventType(
  'webhook_endpoint.disabled',
  'A webhook endpoint gets no more events: it was asked for (`requested`), it answered 410 (`gone`), or it answered nothing but failures for five days (`failing`).',
  { ...disabled, reason: 'failing' },
)
export class WebhookEndpointDisabled extends DomainEvent<EndpointFacts & { readonly reason: string }> {}
@EventType('webhook_endpoint.deleted', 'A webhook endpoint was removed.', disabled)
export class WebhookEndpointDeleted extends DomainEvent<EndpointFacts> {}
@EventType(testEventType, 'Somebody tried an endpoint; nothing happened. It is sent to that endpoint alone.', anEndpoint)
export class WebhookEndpointTest extends DomainEvent<EndpointFacts> {}
