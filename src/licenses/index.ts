export { LicensesModule } from './licenses.module';
export { IssuingDesk } from './use-cases/issuing-desk';
export { type HeldLicense, type KeyInHand, LicenseDesk } from './use-cases/license-desk';
export { LookAtAllAgain } from './use-cases/look-at-all-again';
export { ExtendGrace } from './use-cases/extend-grace';
export { type Grant, type Provisioned, ProvisionLicenses } from './use-cases/provision-licenses';
export { TellOfExpiry } from './use-cases/tell-of-expiry';
export { ensureUsable, type VerdictCode } from './domain/verdict';
export { type Evidence, type LicenseOnRecord, type Question, type Verification, verify } from './domain/verification';
export { graceUntil, License, type LicenseOrigin, type LicenseState, seatsOf } from './domain/license';
export {
  CancelledIsFinal,
  CustomerMismatch,
  LicenseHasExpired,
  LicenseIsCancelled,
  LicenseIsSuspended,
  LicenseKeyNotFound,
  LicenseNotFound,
  LicenseNotStarted,
  ProductArchived,
  ProductMismatch,
  SeatLimitReached,
} from './domain/errors';
export { type Pepper, Peppers } from './ports/peppers';
export { SeatsObject } from './adapters/licenses.dto';
export { LicenseObject, licenseObject } from './adapters/licenses.dto';
export { ExpiryNotices } from './ports/expiry-notices';
