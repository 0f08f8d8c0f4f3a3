import { setTimeout as sleep } from 'node:timers/promises';
import { aBrandWithAnEndpoint, brokenBuild, Chance, Fleet, onBrokenBuild, Postgres, Receiver, report, sized, until } from './rig';

jest.setTimeout(sized(150_000, 600_000));

/** Two instances, killed between claim, send and mark, while their brand's events are made and delivered. */
describe('However often the service is killed', () => {
  let postgres: Postgres;
  beforeEach(async () => {
    postgres = await Postgres.start();
  });
  afterEach(() => postgres.remove());

  interface Size {
    readonly events: number;
    readonly kills: number;
    /** How long to wait for the last delivery: a sender that died keeps its deliveries for 5 s. */
    readonly patience: number;
  }

  /** Makes that many events over HTTP while instances are killed; answers what was found once nothing waits any more, or patience is over. */
  async function live({ events, kills, patience }: Size, main?: string) {
    const chance = new Chance('killed services');
    const receiver = await Receiver.start();
    const world = await aBrandWithAnEndpoint(postgres, receiver);
    const fleet = new Fleet(postgres, {}, main);
    await fleet.start(2);

    // Between send and mark: whoever sent this dies before the answer. Right after the answer is out, one dies. Random moments hit the
    // claim and the relay.
    const every = Math.floor((2 * events) / kills);
    receiver.behave = (_request, response) => {
      if (receiver.received.length % every === 0) {
        if (receiver.received.length % (2 * every) === 0) fleet.killAll();
        else setTimeout(() => fleet.kill(chance), chance.upTo(4));
      }
      response.writeHead(204).end();
    };
    let making = true;
    const atRandom = (async () => {
      for (let i = 0; (making && i < kills / 2) || fleet.kills < kills; i++) {
        await sleep(500 + chance.upTo(2_500));
        fleet.kill(chance);
      }
    })();
    const acknowledged: string[] = [];
    // As long as there are kills, or nobody would be hit in the middle of an activation.
    const pause = Math.ceil((kills * 1_000 * 12) / events);
    await Promise.all(
      Array.from({ length: 12 }, async (_, first) => {
        for (let i = first; i < events; i += 12) {
          const body = { license_key: world.licenseKey, product_code: world.product, instance_id: `site-${i}` };
          const answer = await fleet.insist({ path: '/v1/licenses/activate', body }, chance);
          if (answer.status > 201) throw new Error(`${answer.status}: ${answer.text}`);
          acknowledged.push(body.instance_id);
          await sleep(chance.upTo(pause));
        }
      }),
    ).finally(() => (making = false));
    await atRandom;
    await until('every delivery is settled', patience, async () => (await waiting()) === 0).catch(() => undefined);
    const found = await violations(acknowledged, receiver);
    await fleet.stop();
    receiver.stop();
    report(chance, {
      'activations acknowledged': acknowledged.length,
      'services killed': fleet.kills,
      'deliveries verified': receiver.received.length,
      'of them came again': receiver.received.length - receiver.ids.size,
      violations: found.length,
    });
    return { found, kills: fleet.kills, again: receiver.received.length - receiver.ids.size };
  }

  const waiting = async (): Promise<number> => {
    const [row] = await postgres.ask<{ count: string }>(
      `select (select count(*) from webhook_deliveries where status = 'pending') + (select count(*) from outbox_events where sequence is null)
            + (select count(*) from event_cursors l join event_cursors s using (brand_id) where l.outlet = 'log' and s.outlet = 'subscribers' and s.sequence < l.sequence) as count`,
    );
    return Number(row!.count);
  };

  /** What RELIABILITY promises, and what of it was broken. */
  async function violations(acknowledged: string[], receiver: Receiver): Promise<string[]> {
    const log = await postgres.ask<{ id: string; instance: string; sequence: string; deliveries: string }>(
      `select id, data->>'instance_id' as instance, sequence,
              (select count(*) from webhook_deliveries d where d.event_id = e.id) as deliveries
         from outbox_events e where type = 'license.activated' order by sequence`,
    );
    const counted = new Map<string, number>();
    for (const { instance } of log) counted.set(instance, (counted.get(instance) ?? 0) + 1);
    const events = await postgres.ask<{ wrong: string }>(
      `select count(*) - coalesce(max(sequence), 0) + count(*) filter (where sequence is null) as wrong from outbox_events group by brand_id`,
    );
    const heard = new Set(receiver.received.map(({ data }) => data.instance_id as string));
    const logged = new Set(log.map(({ instance }) => instance));
    return [
      ...receiver.violations,
      ...acknowledged
        .filter((instance) => counted.get(instance) !== 1)
        .map((instance) => `${instance}: ${counted.get(instance) ?? 0} events`),
      ...log.filter(({ deliveries }) => deliveries !== '1').map(({ instance, deliveries }) => `${instance}: ${deliveries} deliveries`),
      ...log.filter(({ instance }) => !heard.has(instance)).map(({ instance }) => `${instance}: never received`),
      ...[...heard].filter((instance) => !logged.has(instance)).map((instance) => `${instance}: received, and never happened`),
      ...events.filter(({ wrong }) => wrong !== '0').map(({ wrong }) => `the log has ${wrong} gaps`),
    ];
  }

  it('every event that was acknowledged reaches its receiver, and nothing else does', async () => {
    const size = { events: sized(200, 1_000), kills: sized(8, 30), patience: 90 };
    const { found, kills, again } = await live(size);
    expect(found).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(size.kills);
    // Else nobody was hit between send and mark.
    expect(again).toBeGreaterThan(0);
  });

  const answered = `{ status: 200, error: null, latencyMs: 0, text: '', retryAfter: null }`;
  onBrokenBuild.each([
    [
      'a delivery is marked before it is sent',
      {
        file: 'src/webhooks/adapters/webhook-sender.js',
        find: 'const answer = await this.send(claimed);',
        replace: `await this.commands.execute(new settle_delivery_1.SettleDelivery(claimed, ${answered}, 0.5));
          await (0, promises_1.setTimeout)(150); await this.send(claimed); return; const answer = null;`,
      },
      'never received',
    ],
    [
      'an event is written after the change was committed',
      {
        file: 'libs/persistence/outbox.js',
        find: 'void lane.ask(exports.layEvents, [JSON.stringify(rows)]);',
        replace: `setTimeout(() => this.db.share(rows[0].brandId, 100, (later) =>
          void later.ask(exports.layEvents, [JSON.stringify(rows)])).catch(() => undefined), 500);`,
      },
      '0 events',
    ],
  ])('is found out when %s', async (_, mistake, violation) => {
    const build = brokenBuild([mistake]);
    try {
      const { found } = await live({ events: 120, kills: 8, patience: 5 }, build.main);
      expect(found).toContainEqual(expect.stringContaining(violation));
    } finally {
      build.remove();
    }
  });
});
