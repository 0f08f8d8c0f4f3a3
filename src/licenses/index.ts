export { LicensesModule } from './licenses.module';
export { type HeldLicense, type KeyInHand, LicenseDesk } from './use-cases/license-desk';
export { LookAtAllAgain } from './use-cases/look-at-all-again';
export { ProvisionLicenses } from './use-cases/provision-licenses';
export { TellOfExpiry } from './use-cases/tell-of-expiry';
export { ensureUsable, type VerdictCode } from './domain/verdict';
export { type Evidence, type LicenseOnRecord, type Question, type Verification, verify } from './domain/verification';
export { graceUntil, License, type LicenseState, seatsOf } from './domain/license';
export {
  LicenseHasExpired,
  LicenseIsCancelled,
  LicenseIsSuspended,
  LicenseNotFound,
  LicenseNotStarted,
  ProductMismatch,
  SeatLimitReached,
} from './domain/errors';
export { type Pepper, Peppers } from './ports/peppers';
export { SeatsObject } from './adapters/licenses.dto';
export { ExpiryNotices } from './ports/expiry-notices';
