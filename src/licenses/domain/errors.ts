import { DomainError, refusal } from '../../../libs/kernel/domain-error';

export class LicenseNotFound extends DomainError {
  static readonly refusal = refusal(
    'license_not_found',
    'not_found',
    'License not found',
    'There is no such license or license key, or it is not one that the caller may see. A license key may have been mistyped or replaced.',
  );
  constructor() {
    super(LicenseNotFound.refusal, 'There is no such license.');
  }
}

export class LicenseKeyNotFound extends DomainError {
  static readonly refusal = refusal('license_key_not_found', 'not_found', 'License key not found', 'The brand has no such license key.');
  constructor() {
    super(LicenseKeyNotFound.refusal, 'There is no such license key.');
  }
}

export class ProductMismatch extends DomainError {
  static readonly refusal = refusal(
    'product_mismatch',
    'not_found',
    'Not for this product',
    'The license key exists, but unlocks other products. Check `product_code`, or ask the customer for the key of this product.',
  );
  constructor() {
    super(ProductMismatch.refusal, 'This license key does not unlock this product.');
  }
}

export class LicenseIsCancelled extends DomainError {
  static readonly refusal = refusal(
    'license_cancelled',
    'forbidden',
    'License cancelled',
    'The license was ended for good. The customer needs a new one.',
  );
  constructor() {
    super(LicenseIsCancelled.refusal, 'This license was cancelled.');
  }
}

export class LicenseIsSuspended extends DomainError {
  static readonly refusal = refusal(
    'license_suspended',
    'forbidden',
    'License suspended',
    'The license is paused, often over a payment. It works again once the brand resumes it.',
  );
  constructor() {
    super(LicenseIsSuspended.refusal, 'This license is suspended.');
  }
}

export class LicenseNotStarted extends DomainError {
  static readonly refusal = refusal('license_not_started', 'forbidden', 'License not started', 'The license begins at `starts_at`.');
  constructor(startsAt: Date) {
    super(LicenseNotStarted.refusal, 'This license has not started yet.', { starts_at: startsAt.toISOString() });
  }
}

export class LicenseHasExpired extends DomainError {
  static readonly refusal = refusal(
    'license_expired',
    'forbidden',
    'License expired',
    'The license ended at `expires_at`, and its days of grace are over. Renewing it makes it work again.',
  );
  constructor(expiresAt: Date) {
    super(LicenseHasExpired.refusal, 'This license has expired.', { expires_at: expiresAt.toISOString() });
  }
}

export class SeatLimitReached extends DomainError {
  static readonly refusal = refusal(
    'seat_limit_reached',
    'conflict',
    'Seat limit reached',
    'Every seat of the license is taken: `used` of `limit`. Deactivate an instance that is no longer in use, or raise the limit.',
  );
  constructor(limit: number, used: number) {
    super(SeatLimitReached.refusal, `All ${limit} seats of this license are taken.`, { limit, used });
  }
}

export class CancelledIsFinal extends DomainError {
  static readonly refusal = refusal(
    'cancelled_is_final',
    'conflict',
    'Cancelled is final',
    'A cancelled license cannot be resumed, renewed or changed. Provision a new one on the same key.',
  );
  constructor() {
    super(CancelledIsFinal.refusal, 'This license was cancelled, which is final.');
  }
}

export class RenewalShortens extends DomainError {
  static readonly refusal = refusal(
    'renewal_shortens',
    'conflict',
    'Renewal would shorten',
    'Renewing never takes days away: the new end lies before the present one. To end a license, suspend or cancel it.',
  );
  constructor(expiresAt: Date | null) {
    const present = expiresAt ? `ends at ${expiresAt.toISOString()}` : 'never ends';
    super(RenewalShortens.refusal, `This license ${present}; renewing must not shorten that.`, {
      expires_at: expiresAt?.toISOString() ?? null,
    });
  }
}

export class TermNotPossible extends DomainError {
  static readonly refusal = refusal(
    'term_not_possible',
    'invalid',
    'Term not possible',
    'A license has to end after it starts, and before the year 2100; or never, with null as its end.',
  );
  constructor(
    detail: string,
    private readonly pointer: string,
  ) {
    super(TermNotPossible.refusal, detail, { errors: [{ pointer, detail }] });
  }

  /** The same, for terms that stand deeper in the request. */
  within(place: string): TermNotPossible {
    return new TermNotPossible(this.message, place + this.pointer);
  }
}

export class NoGracePossible extends DomainError {
  static readonly refusal = refusal(
    'no_grace_possible',
    'conflict',
    'A license without an end',
    'Grace is counted from the end of a license. One that never ends needs none; suspend or cancel it, if it should no longer work.',
  );
  constructor() {
    super(NoGracePossible.refusal, 'This license never ends.');
  }
}

export class AlreadyLicensed extends DomainError {
  static readonly refusal = refusal(
    'already_licensed',
    'conflict',
    'Product already on this key',
    'The license key has a license of this product that was not cancelled. Renew or change that one.',
  );
  constructor(productCode: string) {
    super(AlreadyLicensed.refusal, `This license key already has a license of ${productCode}.`, { product_code: productCode });
  }
}

export class CustomerMismatch extends DomainError {
  static readonly refusal = refusal(
    'customer_mismatch',
    'conflict',
    'Key of another customer',
    'The license key belongs to another e-mail address than `customer_email`. Nothing was added to it.',
  );
  constructor() {
    super(CustomerMismatch.refusal, 'This license key belongs to another customer.');
  }
}

export class ProductArchived extends DomainError {
  static readonly refusal = refusal(
    'product_archived',
    'conflict',
    'Product archived',
    'An archived product gets no new licenses. Set its status to active first.',
  );
  constructor(productCode: string) {
    super(ProductArchived.refusal, `The product ${productCode} is archived.`, { product_code: productCode });
  }
}
