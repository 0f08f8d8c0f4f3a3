import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { stream } from '../../src/events/adapters/nats-transport';
import { hasNats, Nats } from '../fixtures/servers';
import { aBrandWithAnEndpoint, brokenBuild, Chance, Fleet, onBrokenBuild, Postgres, Receiver, report, sized, until } from './rig';

jest.setTimeout(sized(120_000, 600_000));

interface Published {
  readonly id: string;
  readonly brand_id: string;
  readonly sequence: number;
}

(hasNats() ? describe : describe.skip)('While the broker comes and goes', () => {
  let postgres: Postgres;
  let nats: Nats;
  let receiver: Receiver;
  beforeEach(async () => {
    [postgres, nats, receiver] = await Promise.all([Postgres.start(), Nats.start(), Receiver.start()]);
  });
  afterEach(async () => {
    receiver.stop();
    await nats.remove();
    await postgres.remove();
  });

  async function live(main?: string): Promise<string[]> {
    const chance = new Chance('broker away');
    const world = await aBrandWithAnEndpoint(postgres, receiver);
    const fleet = new Fleet(postgres, { EVENTS_URL: nats.url }, main);
    await fleet.start(2);
    const found: string[] = [];
    let made = 0;
    const activate = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const body = { license_key: world.licenseKey, product_code: world.product, instance_id: `site-${made++}` };
        const answer = await fleet.insist({ path: '/v1/licenses/activate', body }, chance);
        if (answer.status !== 201) found.push(`${answer.status}: ${answer.text}`);
      }
    };
    const outages = sized(2, 6);
    for (let outage = 0; outage < outages; outage++) {
      await activate(sized(20, 60));
      await nats.go();
      await activate(sized(20, 60));
      // The broker is away all this time.
      await until('webhooks arrive', 20, () => receiver.ids.size === made).catch((error: Error) => found.push(error.message));
      if (outage % 2 === 1) fleet.kill(chance);
      await nats.come();
      await sleep(chance.upTo(2_000));
    }
    await until('the broker has everything', 60, async () => (await behind()) === 0).catch((error: Error) => found.push(error.message));
    const published = await everythingIn(nats);
    await fleet.stop();
    const log = await postgres.ask<{ sequence: string; brand_id: string }>('select sequence, brand_id from outbox_events');
    if (published.length !== log.length) found.push(`${published.length} of ${log.length} events are in the stream`);
    if (new Set(published.map(({ id }) => id)).size !== published.length) found.push('some are in the stream twice');
    const last = new Map<string, number>();
    for (const { brand_id, sequence } of published) {
      if (sequence !== (last.get(brand_id) ?? 0) + 1) found.push(`${brand_id}: ${sequence} after ${last.get(brand_id)}`);
      last.set(brand_id, sequence);
    }
    found.push(...receiver.violations);
    report(chance, {
      'activations acknowledged': made,
      outages,
      'services killed': fleet.kills,
      'events in the stream': published.length,
      'webhooks verified': receiver.received.length,
      violations: found.length,
    });
    return found;
  }

  it('nothing is lost, nothing comes twice or out of order, and webhooks do not wait for it', async () => {
    expect(await live()).toEqual([]);
  });

  onBrokenBuild('is found out when events are marked before the broker has them', async () => {
    const build = brokenBuild([
      {
        file: 'src/events/adapters/relay.js',
        find: 'const failure = await within(left, outlet.deliver(event))',
        replace: 'done = event.sequence; const failure = await within(left, outlet.deliver(event))',
      },
    ]);
    try {
      expect(await live(build.main)).toContainEqual(expect.stringMatching(/ events are in the stream$/));
    } finally {
      build.remove();
    }
  });

  const behind = async () => {
    const [row] = await postgres.ask<{ count: string }>(
      `select count(*) from event_cursors log left join event_cursors mine on mine.brand_id = log.brand_id and mine.outlet = 'nats'
        where log.outlet = 'log' and coalesce(mine.sequence, 0) < log.sequence`,
    );
    return Number(row!.count);
  };
});

/** What another system would read. */
async function everythingIn({ url }: Nats): Promise<Published[]> {
  const connection = await connect({ servers: url });
  const { messages } = (await (await jetstreamManager(connection)).streams.info(stream)).state;
  const consumer = await jetstream(connection).consumers.get(stream);
  const published: Published[] = [];
  for await (const message of await consumer.fetch({ max_messages: messages, expires: 5_000 })) published.push(message.json<Published>());
  await connection.close();
  return published;
}
