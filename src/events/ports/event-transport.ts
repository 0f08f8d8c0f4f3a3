import type { LoggedEvent } from '../../../libs/kernel/domain-event';

/** A way out for the events of a brand's log: to the subscribers in this process, or to a broker. */
export abstract class EventTransport {
  /** Under which name the log remembers how far this way out has come. */
  abstract readonly name: string;
  /** Whether `deliver` writes in the open unit of work, so that its effects and the mark are kept together or not at all. */
  abstract readonly joinsUnitOfWork: boolean;
  /** After how many failures an event is set aside, so that those behind it go on; null: never, the other side will be back. */
  abstract readonly setsAsideAfter: number | null;
  /** Resolves once the other side has the events, of one brand and in their order, for good; they may come again. Rejects when it has not. */
  abstract deliver(...events: LoggedEvent[]): Promise<void>;
  abstract close(): Promise<void>;
}
