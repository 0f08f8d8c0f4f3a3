export { EventsModule } from './events.module';
export { EventsAddress } from './ports/events-address';
