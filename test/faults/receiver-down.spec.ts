import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { delays } from '../../src/webhooks/domain/schedule';
import { Chance, onBrokenBuild, Receiver, report, sized } from './rig';

jest.setTimeout(sized(60_000, 300_000));

const hour = 3_600_000;
/** Seconds from one attempt to the next, as RELIABILITY promises them, ±20 %. */
const schedule = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** It is looked at when something is due, so as late as others are spread. */
const offSchedule = (gap: number, wanted: number): string[] =>
  gap < wanted * 0.8 - 1 || gap > wanted * 1.2 + 60 ? [`${gap} s instead of ${wanted} s`] : [];

describe('A receiver that is down for 80 hours', () => {
  let service: TestService;
  let receiver: Receiver;
  let world: BrandWorld;
  beforeEach(async () => {
    service = await startTestService({ WEBHOOKS_ALLOW_PRIVATE: 'true' });
    receiver = await Receiver.start();
    world = await createBrandWorld(service, { seats: null });
    await service.settle();
  });
  afterEach(async () => {
    receiver.stop();
    await service.stop();
  });

  const travel = (ms: number) => {
    service.travel(ms / 86_400_000);
    receiver.aheadMs += ms;
  };
  const ask = async <Row>(sql: string): Promise<Row[]> => (await service.owner.query(sql)).rows as Row[];

  async function live(): Promise<string[]> {
    const chance = new Chance('receiver down for 80 hours');
    const path = `/v1/brands/${world.slug}/webhook-endpoints`;
    const endpoint = ok(await world.call({ path, body: { url: receiver.url, event_types: ['license.activated'] } }));
    receiver.secret = endpoint.secret;
    receiver.behave = (_request, response) => void response.writeHead(503).end('down');
    const events = sized(20, 200);
    const began = new Date();
    for (let i = 0; i < events; i++) ok(await world.ask('activate', { instance_id: `site-${i}` }));
    await service.settle();

    let down = 0;
    while (down < 80 * hour) {
      const [next] = await ask<{ at: Date | null }>(`select min(next_attempt_at) as at from webhook_deliveries where status = 'pending'`);
      const step = next?.at ? Math.max(1_000, next.at.getTime() - Date.now() - receiver.aheadMs + 1_000) : 80 * hour - down;
      travel(step);
      down += step;
      await service.settle('webhooks');
    }
    const dead = await ask<{ status: string; attempts: number; gaps: string[] }>(
      `select d.status, d.attempts, array(select extract(epoch from a.attempted_at - lag(a.attempted_at) over (order by number)) from webhook_attempts a where a.delivery_id = d.id order by number) as gaps from webhook_deliveries d`,
    );
    const found = [
      ...receiver.violations,
      // Spread by 20 %, the last attempt falls between hour 60 and hour 91.
      ...dead.filter(({ status, attempts }) => !(status === 'failed' ? attempts === 10 : attempts === 9)).map((one) => JSON.stringify(one)),
      ...dead.flatMap(({ gaps }) => gaps.slice(1).flatMap((gap, index) => offSchedule(Number(gap), schedule[index]!))),
    ];
    if (dead.length !== events) found.push(`${dead.length} deliveries of ${events} events`);
    const { status, failing_since } = ok(await world.call({ path: `${path}/${endpoint.id}` }));
    if (status !== 'enabled' || failing_since === null) found.push(`the endpoint is ${status}, failing since ${failing_since}`);
    const tries = receiver.received.length;
    const ids = receiver.ids;

    receiver.received.length = 0;
    receiver.behave = (_request, response) => void response.writeHead(204).end();
    const replay = await world.call({
      path: `${path}/${endpoint.id}/replay`,
      body: { since: new Date(began.getTime() - 60_000).toISOString() },
    });
    await service.settle('webhooks');
    const lost = [...ids].filter((id) => !receiver.ids.has(id));
    found.push(...lost.map((id) => `${id}: lost`), ...receiver.violations);
    report(chance, {
      events,
      attempts: tries,
      'deliveries replayed': replay.body.replayed,
      violations: found.length,
    });
    if (replay.body.replayed !== events) found.push(`${replay.body.replayed} replayed`);
    const { failing_since: still } = ok(await world.call({ path: `${path}/${endpoint.id}` }));
    if (still !== null) found.push(`still failing since ${still}`);
    return found;
  }

  it('is tried ten times and no more, and gets everything by one replay when it is back', async () => {
    expect(await live()).toEqual([]);
  });

  onBrokenBuild('is found out to be tried too often, too soon or not for long enough', async () => {
    const promised = [...delays];
    try {
      (delays as number[])[3] = 60;
      expect(await live()).toContainEqual(expect.stringMatching(/ s instead of 1800 s$/));
    } finally {
      (delays as number[]).splice(0, promised.length, ...promised);
    }
  });
});
