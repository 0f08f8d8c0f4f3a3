export { LicensesModule } from './licenses.module';
export { type HeldLicense, type KeyInHand, LicenseDesk } from './use-cases/license-desk';
export { LookAtAllAgain } from './use-cases/look-at-all-again';
export { ProvisionLicenses } from './use-cases/provision-licenses';
export { TellOfExpiry } from './use-cases/tell-of-expiry';
export type { VerdictCode } from './domain/verdict';
export { type Question, type Verification, verify } from './domain/verification';
export { graceUntil, type LicenseState, seatsOf } from './domain/license';
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
