import { jetstream, type JetStreamClient, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import type { EventTransport } from '../ports/event-transport';
import type { LoggedEvent } from '../../../libs/kernel/domain-event';
import { eventObject } from './events.dto';

/** The stream that holds the events, made by us where it is missing. */
export const stream = 'LATCHKEY_EVENTS';
const subjects = 'latchkey.events.>';

/** For so long the broker drops a message that came before: longer than a sender that died holds the log. */
const duplicateWindow = 2 * 60 * 1_000_000_000;
const patienceMs = 2_000;

/**
 * To a NATS JetStream server, for other systems: `latchkey.events.<brand>.<type>`, the body as `GET /v1/events` shows it, the message id
 * (`Nats-Msg-Id`) that of the event, `traceparent` that of the request that caused it. One after the other, each acknowledged, so that a stream keeps the order of the log.
 */
export class NatsTransport implements EventTransport {
  readonly name = 'nats';
  readonly joinsUnitOfWork = false;
  readonly setsAsideAfter = null;
  private connecting: Promise<Connected> | null = null;

  constructor(private readonly url: string) {}

  async deliver(...events: LoggedEvent[]): Promise<void> {
    for (const event of events) await this.publish(event);
  }

  private async publish(event: LoggedEvent): Promise<void> {
    const { stream } = await (this.connecting ??= this.open());
    const body = eventObject(event);
    const traced = event.traceparent ? { headers: traceHeader(event.traceparent) } : {};
    const options = { msgID: body.id, timeout: patienceMs, ...traced };
    await stream.publish(`latchkey.events.${body.brand_id}.${body.type}`, JSON.stringify(body), options);
  }

  async close(): Promise<void> {
    await this.connecting?.then(({ connection }) => connection.close()).catch(() => undefined);
  }

  /** Until it is lost, or does not come about. */
  private open(): Promise<Connected> {
    const opening = this.connect();
    const forget = () => {
      if (this.connecting === opening) this.connecting = null;
    };
    void opening.then(({ connection }) => connection.closed().then(forget), forget);
    return opening;
  }

  private async connect(): Promise<Connected> {
    const { protocol, host, username, password } = new URL(this.url);
    const connection = await connect({
      servers: host,
      name: 'latchkey',
      timeout: patienceMs,
      // A connection that was lost is made anew by the next event: nothing waits in a buffer of which the log does not know.
      reconnect: false,
      ...credentials(decodeURIComponent(username), decodeURIComponent(password)),
      ...(protocol === 'tls:' && { tls: {} }),
    });
    try {
      const { streams } = await jetstreamManager(connection, { timeout: patienceMs });
      const wanted = { name: stream, subjects: [subjects], duplicate_window: duplicateWindow };
      await streams.info(stream).catch(() => streams.add(wanted));
      return { connection, stream: jetstream(connection, { timeout: patienceMs }) };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }
}

function traceHeader(traceparent: string) {
  const traced = headers();
  traced.set('traceparent', traceparent);
  return traced;
}

/** `nats://user:password@host`, or `nats://token@host`. */
const credentials = (user: string, pass: string) => (user === '' ? {} : pass === '' ? { token: user } : { user, pass });

interface Connected {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
}
