export { EventsModule } from './events.module';
export { EventsAddress } from './ports/events-address';
export { EventNotFound } from './domain/errors';
export { ListSetAsideEvents, RetryEvents } from './use-cases/set-aside-events';
