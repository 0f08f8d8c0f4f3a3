export { LicensesModule } from './licenses.module';
export { type HeldLicense, type KeyInHand, LicenseDesk } from './use-cases/license-desk';
export { ProvisionLicenses } from './use-cases/provision-licenses';
export { allows, judge, type LicenseVerdict, nextTurn, type VerdictCode, verdictOrder } from './domain/verdict';
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
