import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeEvent, StripeFake } from '../../libs/stripe-fake';
import { callOn, type TestService } from '../../libs/testing/service';
import { ok } from '../../libs/testing/world';
import { serviceOver } from '../fixtures/services';
import { openShop, type Shop } from '../fixtures/shop';
import { brokenBuild, Chance, Fleet, long, onBrokenBuild, Postgres, report, rigSettings, sized, until } from './rig';

jest.setTimeout(sized(120_000, 400_000));

/** Killed between what was taken in from Stripe, which was answered, and what comes of it. */
describe('However often the service is killed', () => {
  let postgres: Postgres;
  let stripe: StripeFake;
  let dataDir: string;
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'latchkey-data-'));
    [postgres, stripe] = await Promise.all([Postgres.start(), StripeFake.start({ now: new Date() })]);
  });
  afterEach(async () => {
    await Promise.all([postgres.remove(), stripe.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Purchases that were made, and of which nobody was told yet. */
  async function aShopWith(purchases: number): Promise<Shop> {
    const settings = { ...rigSettings, STRIPE_FAKE_URL: stripe.url, BACKGROUND_WORK: 'false' };
    const service = await serviceOver(postgres.runtimeUrl, settings);
    const shop = await openShop(service as unknown as TestService, stripe);
    shop.account.delivery = 'held';
    for (let i = 0; i < purchases; i++) {
      const { id } = ok(await shop.checkout(i % 2 === 0 ? 'pro_monthly' : 'pro_lifetime')) as { id: string };
      await shop.account.pay(id, { email: `buyer-${i}@example.com` });
    }
    await service.stop();
    return shop;
  }

  interface Size {
    readonly purchases: number;
    readonly kills: number;
    /** How long to wait for the last mail: a sender that died keeps its mails for 120 s. */
    readonly patience: number;
  }

  async function live({ purchases, kills, patience }: Size, main?: string) {
    const chance = new Chance('billing, killed services');
    const shop = await aShopWith(purchases);
    const fleet = new Fleet(postgres, { STRIPE_FAKE_URL: stripe.url, LATCHKEY_DATA_DIR: dataDir }, main);
    await fleet.start(2);
    const told = shop.account.events.filter(({ type }) => /^(checkout\.session\.completed|customer\.subscription|invoice\.p)/.test(type));
    const every = Math.floor(told.length / kills);
    let answered = 0;
    // Who looks a purchase up is not answered, so that nothing of what comes is worked on before the end of who took it in.
    for (const [n, event] of told.entries()) {
      const dies = n % every === every - 1;
      stripe.fault = dies || n % 3 === 0 ? 'hang' : null;
      const victim = await insist(event, shop, fleet, chance);
      answered += 1;
      if (dies && fleet.instances.includes(victim)) fleet.kill({ of: () => victim } as unknown as Chance);
    }
    stripe.fault = null;
    const unworked = await waiting();
    // What the dead had in hand is free when their leases end; the short form does not wait for that.
    const isDone = async () => {
      if (!long) await endLeasesOfTheDead();
      return (await kept()) === told.length && (await waiting()) + (await unsent()) === 0;
    };
    await until('all is worked on and every mail is sent', patience, isDone).catch(() => undefined);
    const found = await violations(purchases);
    await fleet.stop();
    report(chance, {
      'purchases made': purchases,
      'events answered': answered,
      'services killed': fleet.kills,
      'events that waited then': unworked,
      violations: found.length,
    });
    return { found, kills: fleet.kills, unworked };
  }

  /** As Stripe does: it comes back until it is answered 200. Answers by whom. */
  async function insist(event: FakeEvent, shop: Shop, fleet: Fleet, chance: Chance) {
    for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
      const instance = fleet.instances.length > 0 ? chance.of(fleet.instances) : null;
      const { body, header } = shop.account.signed(event, shop.webhookSecret);
      const call = { path: new URL(shop.webhookUrl).pathname, method: 'POST', body, headers: { 'stripe-signature': header } };
      const answer = instance && (await callOn(instance.url, call).catch(() => null));
      if (answer?.status === 200) return instance!;
      await new Promise((later) => setTimeout(later, 50));
    }
    throw new Error(`${event.type} was never answered`);
  }

  const one = async (sql: string): Promise<number> => Number((await postgres.ask<{ count: string }>(sql))[0]!.count);
  const kept = () => one('select count(*) from stripe_events');
  const waiting = () => one(`select count(*) from stripe_events where status = 'waiting'`);
  const unsent = () => one(`select count(*) from mails where status = 'waiting'`);

  /** Who lives has long begun with what he took 4 s ago; should he still be at it, somebody else may do it as well. */
  const endLeasesOfTheDead = async () => {
    await postgres.ask(`update billing_looks set leased_until = now() where leased_until < now() + interval '26 seconds'`);
    await postgres.ask(`update mails set leased_until = now() where leased_until < now() + interval '115 seconds'`);
  };

  /** Of whom not exactly one key, one license and one mail are there. */
  async function violations(purchases: number): Promise<string[]> {
    const rows = await postgres.ask<{ email: string; counts: string }>(
      `select email, concat_ws(' ',
                (select count(*) from billing_purchases where customer_email = email and license_key_id is not null),
                (select count(distinct license_key_id) from licenses where customer_email = email),
                (select count(*) from licenses where customer_email = email and status = 'valid'),
                (select count(*) from mails where recipient = email and template = 'key_issued' and status = 'sent')) as counts
         from (select 'buyer-' || n || '@example.com' as email from generate_series(0, ${purchases - 1}) n) as buyers`,
    );
    return rows.filter(({ counts }) => counts !== '1 1 1 1').map(({ email, counts }) => `${email}: ${counts}`);
  }

  it('whoever paid has one key and one mail of it', async () => {
    const size = { purchases: sized(12, 60), kills: sized(3, 12), patience: 180 };
    const { found, kills, unworked } = await live(size);
    expect(found).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(size.kills);
    // Else nobody was hit between taking in and working.
    expect(unworked).toBeGreaterThan(0);
  });

  onBrokenBuild.each([
    [
      'an event is answered before it is kept',
      [
        {
          file: 'src/billing/adapters/stripe-webhook.controller.js',
          find: /await (this\.commands\.execute\(new [\w.]+ReceiveProviderEvent\(brandId, bytes, signature\)\));/,
          replace: '$1.catch(() => undefined);',
        },
        {
          file: 'src/billing/adapters/postgres-inbox.js',
          find: 'async add(event) {',
          replace: 'async add(event) { await new Promise((later) => setTimeout(later, 300));',
        },
      ],
    ],
    [
      'an event is done as soon as somebody takes it',
      [
        {
          file: 'src/billing/adapters/postgres-inbox.js',
          find: 'return (0, lease_looks_1.claimedOf)(manager, held, lease.lease);',
          replace: `const taken = await (0, lease_looks_1.claimedOf)(manager, held, lease.lease);
          for (const { events } of taken) for (const { id } of events) await manager.query(
            "update stripe_events set status = 'done', next_attempt_at = null, processed_at = now() where id = $1", [id]);
          return taken;`,
        },
      ],
    ],
  ])('is found out when %s', async (_, mistakes) => {
    const build = brokenBuild(mistakes);
    try {
      const { found } = await live({ purchases: 24, kills: 8, patience: 20 }, build.main);
      expect(found.length).toBeGreaterThan(0);
    } finally {
      build.remove();
    }
  });
});
