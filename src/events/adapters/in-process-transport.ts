import { Injectable } from '@nestjs/common';
import { Subscribers } from '../../../libs/messaging/subscribers';
import type { EventTransport } from '../ports/event-transport';
import type { LoggedEvent } from '../../../libs/kernel/domain-event';

/** To the awaited subscribers in this process; what they write is kept with the mark, or not at all. */
@Injectable()
export class InProcessTransport implements EventTransport {
  readonly name = 'subscribers';
  readonly joinsUnitOfWork = true;
  readonly setsAsideAfter = 10;

  constructor(private readonly subscribers: Subscribers) {}

  deliver(...events: LoggedEvent[]): Promise<void> {
    return this.subscribers.deliver(events);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
