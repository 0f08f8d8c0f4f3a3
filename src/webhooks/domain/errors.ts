import { DomainError, refusal } from '../../../libs/kernel/domain-error';

export class EndpointNotFound extends DomainError {
  static readonly refusal = refusal(
    'webhook_endpoint_not_found',
    'not_found',
    'Webhook endpoint not found',
    'The brand has no webhook endpoint with this id; it may have been deleted.',
  );
  constructor() {
    super(EndpointNotFound.refusal, 'There is no such webhook endpoint.');
  }
}

export class EndpointsFull extends DomainError {
  static readonly refusal = refusal(
    'webhook_endpoints_full',
    'conflict',
    'Too many webhook endpoints',
    'A brand has up to 20 webhook endpoints. Delete one that is no longer needed, or send to one and distribute from there.',
  );
  constructor() {
    super(EndpointsFull.refusal, 'This brand has as many webhook endpoints as it may have.');
  }
}

export class EndpointDisabled extends DomainError {
  static readonly refusal = refusal(
    'webhook_endpoint_disabled',
    'conflict',
    'Webhook endpoint disabled',
    'Nothing is sent to a disabled endpoint. Set its status to enabled first; `disabled_reason` says how it came about.',
  );
  constructor() {
    super(EndpointDisabled.refusal, 'This webhook endpoint is disabled.');
  }
}

export class ReplayTooLarge extends DomainError {
  static readonly refusal = refusal(
    'replay_too_large',
    'conflict',
    'Too much to replay at once',
    'One replay sends up to 10000 events. Nothing was queued: ask for a shorter range, one after the other, with `since` and `until`.',
  );
  constructor(limit: number) {
    super(ReplayTooLarge.refusal, `The range holds more than ${limit} events.`, { limit });
  }
}
