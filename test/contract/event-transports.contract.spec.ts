import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { LoggedEvent } from '../../libs/kernel/domain-event';
import { newId, publicId } from '../../libs/kernel/id';
import { Subscribe, Subscribers } from '../../libs/messaging/subscribers';
import { InProcessTransport } from '../../src/events/adapters/in-process-transport';
import { NatsTransport, stream } from '../../src/events/adapters/nats-transport';
import { EventTransport } from '../../src/events/ports/event-transport';
import { acme, noon } from '../fixtures/aggregates';
import { freePort, hasNats, Nats } from '../fixtures/servers';

/** One technology: the transport, and whoever listens on the other side. */
interface Side {
  readonly transport: EventTransport;
  /** The ids of what has arrived for good, in order. */
  arrived(): Promise<string[]>;
  /** The other side cannot take anything, until it is told that it can. */
  away(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

const anEvent = (sequence: number, type = 'license.renewed'): LoggedEvent => ({
  brandId: acme,
  id: newId(),
  sequence,
  type,
  occurredAt: noon,
  data: { id: 'lic_1', version: sequence, name: 'Ünïcode' },
});

async function inProcess(): Promise<Side> {
  const heard: string[] = [];
  let refusing = false;
  class Listener {
    @Subscribe('license.*')
    async note(events: readonly LoggedEvent[]): Promise<void> {
      if (refusing) throw new Error('away');
      for (const id of events.map((event) => publicId('event', event.id))) if (!heard.includes(id)) heard.push(id);
    }
    @Subscribe('brand.*')
    async never(): Promise<void> {
      heard.push('what nobody sent');
    }
  }
  const providers = [{ instance: null }, { instance: new Listener() }];
  const subscribers = new Subscribers(
    { getProviders: () => providers } as unknown as DiscoveryService,
    { getAllMethodNames: () => ['note', 'never'] } as unknown as MetadataScanner,
  );
  subscribers.onModuleInit();
  return {
    transport: new InProcessTransport(subscribers),
    arrived: async () => [...heard],
    away: async () => void (refusing = true),
    back: async () => void (refusing = false),
    close: async () => undefined,
  };
}

async function nats(): Promise<Side> {
  const server = await Nats.start();
  const listening = (work: (connection: NatsConnection) => Promise<string[]>) => async () => {
    const connection = await connect({ servers: server.url });
    return work(connection).finally(() => connection.close());
  };
  return {
    transport: new NatsTransport(server.url),
    arrived: listening(async (connection) => {
      const manager = await jetstreamManager(connection);
      const { messages } = (await manager.streams.info(stream)).state;
      const consumer = await jetstream(connection).consumers.get(stream, { filter_subjects: 'latchkey.events.>' });
      const heard: string[] = [];
      if (messages > 0)
        for await (const message of await consumer.fetch({ max_messages: messages, expires: 2_000 }))
          heard.push(message.json<{ id: string }>().id);
      return heard;
    }),
    away: () => server.go(),
    back: () => server.come(),
    close: () => server.remove(),
  };
}

const technologies: [string, () => Promise<Side>][] = [
  ['in process', inProcess],
  ...(hasNats() ? [['over NATS', nats] as [string, () => Promise<Side>]] : []),
];

describe.each(technologies)(`${EventTransport.name} %s`, (_, open) => {
  let side: Side;
  beforeAll(async () => {
    side = await open();
  });
  afterAll(async () => {
    await side.transport.close();
    await side.close();
  });

  const ids = (events: LoggedEvent[]) => events.map(({ id }) => publicId('event', id));
  const sent: LoggedEvent[] = [];

  it('brings events over in the order in which they are sent', async () => {
    for (let i = 1; i <= 20; i++) sent.push(anEvent(i));
    for (const event of sent) await side.transport.deliver(event);
    expect(await side.arrived()).toEqual(ids(sent));
  });

  it('brings over once what comes again', async () => {
    for (const event of sent.slice(-3)) await side.transport.deliver(event);
    expect(await side.arrived()).toEqual(ids(sent));
  });

  it('says so when the other side cannot take an event, and brings it over once that is back', async () => {
    const event = anEvent(21);
    await side.away();
    await expect(side.transport.deliver(event)).rejects.toThrow();
    await expect(side.transport.deliver(event)).rejects.toThrow();
    await side.back();
    await side.transport.deliver(event);
    sent.push(event);
    expect(await side.arrived()).toEqual(ids(sent));
  }, 20_000);

  it('can be closed twice', async () => {
    await side.transport.close();
    await side.transport.close();
  });
});

(hasNats() ? describe : describe.skip)('A NATS server without JetStream', () => {
  it('is refused each time, and keeps no connection of ours', async () => {
    const port = await freePort();
    const server = await Nats.start(['-m', String(port)]);
    const transport = new NatsTransport(server.url);
    try {
      for (let i = 0; i < 5; i++) await expect(transport.deliver(anEvent(i))).rejects.toThrow();
      const connections = async () =>
        ((await (await fetch(`http://127.0.0.1:${port}/connz`)).json()) as { num_connections: number }).num_connections;
      for (const deadline = Date.now() + 2_000; (await connections()) > 0 && Date.now() < deadline;);
      expect(await connections()).toBe(0);
    } finally {
      await transport.close();
      await server.remove();
    }
  }, 30_000);
});
