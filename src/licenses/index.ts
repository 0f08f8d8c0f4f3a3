export { LicensesModule } from './licenses.module';
export { type HeldLicense, type KeyInHand, LicenseDesk } from './use-cases/license-desk';
export { ProvisionLicenses } from './use-cases/provision-licenses';
export type { VerdictCode } from './domain/verdict';
export { type Question, type Verification, verify } from './domain/verification';
export { graceUntil, type LicenseState, seatsOf } from './domain/license';
export {
  LicenseExpired,
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
