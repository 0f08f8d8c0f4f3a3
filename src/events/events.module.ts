import { Module } from '@nestjs/common';
import { EventTypesController } from './adapters/event-types.controller';
import { EventMetrics } from './adapters/event-metrics';
import { EventsController } from './adapters/events.controller';
import { ForgetEvents } from './adapters/forget-events';
import { InProcessTransport } from './adapters/in-process-transport';
import { NatsTransport } from './adapters/nats-transport';
import { PostgresEventLog } from './adapters/postgres-event-log';
import { PostgresListEvents, PostgresListSetAsideEvents, RetryEventsHandler } from './adapters/postgres-event-queries';
import { Relay, transports } from './adapters/relay';
import { Wakeups } from './adapters/wakeups';
import { EventsAddress } from './ports/events-address';
import type { EventTransport } from './ports/event-transport';

@Module({
  controllers: [EventsController, EventTypesController],
  providers: [
    PostgresListEvents,
    PostgresListSetAsideEvents,
    RetryEventsHandler,
    PostgresEventLog,
    InProcessTransport,
    {
      provide: transports,
      inject: [InProcessTransport, EventsAddress],
      useFactory: (inProcess: InProcessTransport, { url }: EventsAddress): EventTransport[] =>
        url === null ? [inProcess] : [inProcess, new NatsTransport(url)],
    },
    Wakeups,
    Relay,
    ForgetEvents,
    EventMetrics,
  ],
})
export class EventsModule {}
