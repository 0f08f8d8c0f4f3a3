export { ActivationsModule } from './activations.module';
export { LicenseActivated, SeatDeactivated } from './domain/events';
export { ActivateLicense } from './use-cases/activate-license';
export { DeactivateInstance } from './use-cases/deactivate-instance';
export { FreeSeat } from './use-cases/free-seat';
export { ListActivations } from './use-cases/list-activations';
export { VerifyLicense } from './use-cases/verify-license';
export type { HeldSeat } from './ports/records';
