import { DomainEvent } from '../../../libs/kernel/domain-event';

interface ApiKeyFacts {
  readonly id: string;
  readonly role: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

export class ApiKeyCreated extends DomainEvent<ApiKeyFacts> {
  readonly type = 'api_key.created';
}
export class ApiKeyRotated extends DomainEvent<ApiKeyFacts> {
  readonly type = 'api_key.rotated';
}
export class ApiKeyRevoked extends DomainEvent<ApiKeyFacts> {
  readonly type = 'api_key.revoked';
}
