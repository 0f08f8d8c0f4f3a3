import { DomainError, refusal } from '../kernel/domain-error';

/** One thing wrong with a request: `/licenses/0/product_code` in the body, `?limit` in the query, `{license}` in the path. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export class InvalidRequest extends DomainError {
  static readonly refusal = refusal(
    'invalid_request',
    'invalid',
    'Invalid request',
    'Something in the request is not as the documentation says. `errors` names each place and what is wrong with it: a JSON pointer into the body (`/licenses/0/product_code`), a query parameter (`?limit`), a part of the path (`{license}`) or a header (`header:Idempotency-Key`). Nothing was changed.',
  );
  constructor(faults: Fault[]) {
    super(InvalidRequest.refusal, faults.length === 1 ? faults[0]!.detail : `${faults.length} things are wrong with this request.`, {
      errors: faults,
    });
  }
}

export class MalformedBody extends DomainError {
  static readonly refusal = refusal(
    'malformed_body',
    'invalid',
    'Malformed body',
    'The body is not JSON in UTF-8. Check quotes, commas and the encoding; nothing of it was read.',
  );
  constructor(detail: string) {
    super(MalformedBody.refusal, detail, { errors: [{ pointer: '', detail }] });
  }
}

export class BodyTooLarge extends DomainError {
  static readonly refusal = refusal('body_too_large', 'too_large', 'Body too large', 'A body may hold up to 256 KB. Send less at once.');
  constructor() {
    super(BodyTooLarge.refusal, 'The body is larger than 256 KB.');
  }
}

export class UnsupportedMediaType extends DomainError {
  static readonly refusal = refusal(
    'unsupported_media_type',
    'unsupported',
    'Unsupported media type',
    'Bodies are JSON. Send the header `Content-Type: application/json` (curl sends a form type unless told otherwise).',
  );
  constructor() {
    super(UnsupportedMediaType.refusal, 'Send the body as application/json.');
  }
}

export class RouteNotFound extends DomainError {
  static readonly refusal = refusal(
    'route_not_found',
    'not_found',
    'No such route',
    'No operation has this method and path. The list of operations is at `/docs`.',
  );
  constructor() {
    super(RouteNotFound.refusal, 'There is no operation with this method and path.');
  }
}

export class BadRequest extends DomainError {
  static readonly refusal = refusal(
    'bad_request',
    'invalid',
    'Bad request',
    'The request could not be read as HTTP: the path is not valid percent-encoding, or a header is broken.',
  );
  constructor(detail: string) {
    super(BadRequest.refusal, detail);
  }
}

export class Unauthenticated extends DomainError {
  static readonly refusal = refusal(
    'unauthenticated',
    'unauthenticated',
    'No valid API key',
    'This operation needs an API key that exists, has not expired and was not revoked, as `X-API-Key: …` or `Authorization: Bearer …`.',
  );
  constructor() {
    super(Unauthenticated.refusal, 'Send a valid API key as X-API-Key or as a bearer token.');
  }
}

export class CredentialInQuery extends DomainError {
  static readonly refusal = refusal(
    'credential_in_query',
    'invalid',
    'API key in the query string',
    'Query strings end up in logs and histories. Send the key as a header, and rotate this one.',
  );
  constructor(parameter: string) {
    const detail = 'An API key in the query string is refused. Send it as X-API-Key, and rotate this key.';
    super(CredentialInQuery.refusal, detail, { errors: [{ pointer: `?${parameter}`, detail }] });
  }
}

export class RoleNotAllowed extends DomainError {
  static readonly refusal = refusal(
    'role_not_allowed',
    'forbidden',
    'Not for this role',
    'The API key is valid, but its role may not do this: some operations belong to internal operators.',
  );
  constructor(role: string) {
    super(RoleNotAllowed.refusal, `An API key of the role ${role} may not do this.`, { role });
  }
}

export class ScopeMissing extends DomainError {
  static readonly refusal = refusal(
    'scope_missing',
    'forbidden',
    'Scope missing',
    'The API key is valid, but lacks the scope that this operation asks for. `scope` names it. Issue a key with that scope.',
  );
  constructor(scope: string) {
    super(ScopeMissing.refusal, `This API key lacks the scope ${scope}.`, { scope });
  }
}

export class BrandRequired extends DomainError {
  static readonly refusal = refusal(
    'brand_required',
    'invalid',
    'Name the brand',
    'An internal API key acts over all brands, so a change has to say in which one: add `?brand=` with its id or slug.',
  );
  constructor() {
    const detail = 'An internal key has to name the brand: add ?brand= with its id or slug.';
    super(BrandRequired.refusal, detail, { errors: [{ pointer: '?brand', detail }] });
  }
}

export class InternalError extends DomainError {
  static readonly refusal = refusal(
    'internal_error',
    'internal',
    'Internal error',
    'A mistake of the service. It was logged under the request id; tell that to whoever runs it. A client decides nothing from it.',
  );
  constructor() {
    super(InternalError.refusal, 'Something went wrong on our side.');
  }
}

export class Unavailable extends DomainError {
  static readonly refusal = refusal(
    'unavailable',
    'unavailable',
    'Unavailable for a moment',
    'The database could not answer just now, or the service is stopping. Nothing is decided: try again after the seconds in `Retry-After`. A client never locks on it.',
  );
  constructor() {
    super(Unavailable.refusal, 'The service cannot answer just now. Try again in a moment.');
  }
}

export class UnstorableValue extends DomainError {
  static readonly refusal = refusal(
    'unstorable_value',
    'unprocessable',
    'Value cannot be stored',
    'The request was well-formed, but the database refused one of its values. Nothing was changed. Please report it: the answer should have named the place.',
  );
  constructor() {
    super(UnstorableValue.refusal, 'A value in this request cannot be stored.');
  }
}

export class RateLimited extends DomainError {
  static readonly refusal = refusal(
    'rate_limited',
    'too_many',
    'Too many requests',
    'Nothing was done. Try again after the seconds in `Retry-After`. `RateLimit-Policy` says which limits apply (`api_key`: the API key; `instance` and `license_key`: the license key, on this instance and on all; `failed_tries`: credentials from this address that are none), `RateLimit` what is left of each. A client never locks on it.',
  );
  constructor(seconds: number) {
    super(RateLimited.refusal, `Too many requests. Try again in ${seconds} s.`);
  }
}

export class BrandSuspended extends DomainError {
  static readonly refusal = refusal(
    'brand_suspended',
    'forbidden',
    'Brand suspended',
    'The brand is suspended: its API keys answer nothing until an operator resumes it. Its customers’ licenses keep working.',
  );
  constructor() {
    super(BrandSuspended.refusal, 'This brand is suspended.');
  }
}

export class IdempotencyInFlight extends DomainError {
  static readonly refusal = refusal(
    'idempotency_in_flight',
    'conflict',
    'First try still under way',
    'Another request with this `Idempotency-Key` is being worked on. Send the same again after the seconds in `Retry-After`: it is answered what the first one is.',
  );
  constructor() {
    super(IdempotencyInFlight.refusal, 'A request with this Idempotency-Key is still being worked on. Try again in a moment.');
  }
}

export class IdempotencyKeyReused extends DomainError {
  static readonly refusal = refusal(
    'idempotency_key_reused',
    'unprocessable',
    'Key of another request',
    'This API key has used this `Idempotency-Key` for the same operation with another path, query or body. Nothing was changed. Make a new key for each request, and keep it for its retries only. (Each operation has keys of its own.)',
  );
  constructor() {
    super(IdempotencyKeyReused.refusal, 'This Idempotency-Key was used for another request already.');
  }
}
