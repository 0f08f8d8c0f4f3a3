import type { BrandId } from './brand-id';
import { newId } from './id';

/** A kind of event: what receivers match on, and what its documentation says. */
export interface EventKind {
  readonly type: string;
  /** What happened, for a developer who meets it for the first time. */
  readonly help: string;
  /** Facts as such an event holds them. */
  readonly example: object;
}

const kinds = new Map<string, EventKind>();

/** Declares a kind of event, `thing.happened`, once; the catalogue of events is made from all that were declared. */
export function EventType<Example extends object>(type: string, help: string, example: Example) {
  return <Data extends object>(event: { readonly prototype: DomainEvent<Data> } & (Example extends Data ? object : never)): void => {
    if (kinds.has(type)) throw new Error(`The event ${type} is declared twice`);
    kinds.set(type, { type, help, example });
    Object.defineProperty(event.prototype, 'type', { value: type });
  };
}

export const allEventKinds = (): EventKind[] => [...kinds.values()].sort((one, other) => one.type.localeCompare(other.type));

/**
 * Something that happened, told so that it can be stored and sent: `data` holds public ids, no secret,
 * and no more of a person than needed.
 */
export abstract class DomainEvent<Data extends object = object> {
  readonly id: string = newId();
  /** Its name on the wire: `thing.happened`. */
  declare readonly type: string;

  constructor(
    readonly brandId: BrandId,
    readonly occurredAt: Date,
    readonly data: Data,
  ) {}
}

/** An event as it stands in the log of its brand. */
export interface LoggedEvent {
  readonly brandId: BrandId;
  readonly id: string;
  /** Its place in the brand's log: 1, 2, 3 …, without a gap. */
  readonly sequence: number;
  readonly type: string;
  readonly occurredAt: Date;
  readonly data: object;
  /** The trace of the request that caused it, as W3C Trace Context writes it; null or absent: of none. */
  readonly traceparent?: string | null;
}
