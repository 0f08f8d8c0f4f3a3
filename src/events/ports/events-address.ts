/** Where events are published for other systems; null: nowhere. Given by whoever starts the service. */
export abstract class EventsAddress {
  abstract readonly url: string | null;
}
