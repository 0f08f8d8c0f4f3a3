import { DomainError, refusal } from '../../../libs/kernel/domain-error';

export class ApiKeyNotFound extends DomainError {
  static readonly refusal = refusal('api_key_not_found', 'not_found', 'API key not found', 'The brand has no API key with this id.');
  constructor() {
    super(ApiKeyNotFound.refusal, 'There is no such API key.');
  }
}

export class ApiKeyRevokedAlready extends DomainError {
  static readonly refusal = refusal(
    'api_key_revoked',
    'conflict',
    'API key revoked',
    'A revoked API key stays dead: it cannot be rotated. Issue a new one.',
  );
  constructor() {
    super(ApiKeyRevokedAlready.refusal, 'This API key is revoked.');
  }
}

export class ScopeNotYours extends DomainError {
  static readonly refusal = refusal(
    'scope_not_grantable',
    'forbidden',
    'Scope not yours to give',
    'An API key can issue keys only with scopes that it has itself. `scope` names the one that it lacks.',
  );
  constructor(scope: string) {
    super(ScopeNotYours.refusal, `The calling API key has not the scope ${scope}, so it cannot give it.`, { scope });
  }
}
