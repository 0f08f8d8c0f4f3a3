import { DomainEvent, EventType } from '../../../libs/kernel/domain-event';

interface ApiKeyFacts {
  readonly id: string;
  readonly role: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

const aKey: ApiKeyFacts = { id: 'apk_06efg00000e0082000000000000', role: 'brand', name: 'shop backend', scopes: ['licenses:read'] };

@EventType('api_key.created', 'An API key was issued.', aKey)
export class ApiKeyCreated extends DomainEvent<ApiKeyFacts> {}
@EventType('api_key.rotated', 'An API key got a new secret; the old one works until its overlap is over.', aKey)
export class ApiKeyRotated extends DomainEvent<ApiKeyFacts> {}
@EventType('api_key.revoked', 'An API key was ended for good.', aKey)
export class ApiKeyRevoked extends DomainEvent<ApiKeyFacts> {}
