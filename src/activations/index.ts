export { ActivationsModule } from './activations.module';
export { LicenseActivated, SeatDeactivated } from './domain/events';
