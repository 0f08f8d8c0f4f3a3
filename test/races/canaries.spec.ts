import { Database } from '../../libs/persistence/database';
import type { Lane, Statement } from '../../libs/persistence/lane';
import { runAs } from '../../libs/persistence/provenance';
import { withOwner } from '../../libs/testing/database';
import { PostgresSeats } from '../../src/activations/adapters/postgres-seats';
import { SeatsOneByOne } from '../../src/activations/adapters/seats-one-by-one';
import type { Seats } from '../../src/activations/ports/seats';
import { ActivateLicense, ActivateLicenseHandler } from '../../src/activations/use-cases/activate-license';
import { DeactivateInstance, DeactivateInstanceHandler } from '../../src/activations/use-cases/deactivate-instance';
import type { BrandId, Reach } from '../../libs/kernel/brand-id';
import { PostgresApiKeys, apiKeyTable } from '../../src/identity/adapters/postgres-api-keys';
import { ApiKey } from '../../src/identity/domain/api-key';
import { mintSecret } from '../../src/identity/domain/api-secret';
import { RotateApiKey, RotateApiKeyHandler } from '../../src/identity/use-cases/rotate-api-key';
import { licenseKeyTable, PostgresLicenseKeys } from '../../src/licenses/adapters/postgres-license-keys';
import { PostgresLicenses } from '../../src/licenses/adapters/postgres-licenses';
import { License } from '../../src/licenses/domain/license';
import { LicenseKey } from '../../src/licenses/domain/license-key';
import { ProvisionLicenses } from '../../src/licenses/use-cases/provision-licenses';
import { ReissueLicenseKey, ReissueLicenseKeyHandler } from '../../src/licenses/use-cases/reissue-license-key';
import { acme, anApiKey } from '../fixtures/aggregates';
import { deskOf, janeHasLicense, mint, postgresHouse, provisioning } from '../fixtures/houses';

type PostgresHouse = Awaited<ReturnType<typeof postgresHouse>>;

/** Resolves for all once so many have come: what a lock would never let happen. */
function meeting(count: number): () => Promise<void> {
  let arrived = 0;
  let open = (): void => undefined;
  const all = new Promise<void>((resolve) => (open = resolve));
  return () => {
    if (++arrived === count) open();
    return all;
  };
}

const together = 12;

/** The same adapters with the lock taken away, and all who hold reading before anyone writes. */
class UnlockedLicenses extends PostgresLicenses {
  private readonly meet = meeting(together);

  override async holdOfKey(brandId: BrandId, licenseKeyId: string, productCode: string): Promise<License | null> {
    const row = (await this.ofKey(brandId, licenseKeyId)).find((license) => license.productCode === productCode);
    await this.meet();
    return row ? new License(row) : null;
  }
}

class UnlockedDatabase extends Database {
  private readonly meet = meeting(together);

  override share<T>(brandId: BrandId, lockMs: number, work: (lane: Lane, now: Promise<Date>) => T | Promise<T>): Promise<T> {
    const unlocked = (lane: Lane): Pick<Lane, 'ask'> => ({
      ask: async <Row>(statement: Statement, values?: unknown[]): Promise<Row[]> => {
        const text = statement.text.replace('for no key update', '');
        const rows = await lane.ask<Row>({ name: `unlocked ${statement.name}`, text }, values);
        if (text !== statement.text) await this.meet();
        return rows;
      },
    });
    return super.share(brandId, lockMs, (lane, now) => work(unlocked(lane) as Lane, now));
  }
}

class UnlockedLicenseKeys extends PostgresLicenseKeys {
  private readonly meet = meeting(together);

  constructor(private readonly house: PostgresHouse) {
    super(house.db, house.outbox);
  }

  override async hold(brandId: BrandId, id: string): Promise<LicenseKey | null> {
    const row = await this.house.db.manager.findOne(licenseKeyTable, { where: { brandId, id } });
    await this.meet();
    return row && new LicenseKey(row);
  }
}

class UnlockedApiKeys extends PostgresApiKeys {
  private readonly meet = meeting(together);

  constructor(private readonly house: PostgresHouse) {
    super(house.db, house.outbox);
  }

  override async hold(_reach: Reach, id: string): Promise<ApiKey | null> {
    const row = await this.house.db.manager.findOne(apiKeyTable, { where: { id } });
    await this.meet();
    return row && new ApiKey(row);
  }
}

/** Each race is run as it is, where it must come out right, and without what protects it, where it must not: only then it shows anything. */
describe('A race comes out wrong without its lock:', () => {
  let house: PostgresHouse;
  let jane: Awaited<ReturnType<typeof janeHasLicense>>;
  beforeEach(async () => {
    house = await postgresHouse();
    jane = await janeHasLicense(house, { seatLimit: 5 });
  });
  afterEach(() => house.close());

  /** The seats as each of several processes would have them; both ways to decide about them. */
  const ways = {
    'one by one': {
      locked: () => () => house.oneByOne,
      unlocked: () => {
        const licenses = new UnlockedLicenses(house.db, house.outbox);
        const seats = new SeatsOneByOne(house.db, deskOf({ ...house, licenses }), house.activations, house.db);
        return () => seats;
      },
    },
    'in shared transactions': {
      locked: () => () => sharedOver(house.db),
      unlocked: () => {
        const db = new UnlockedDatabase(house.source);
        return () => sharedOver(db);
      },
    },
  };
  const sharedOver = (db: Database) => new PostgresSeats(db, house.outbox, house.audit, deskOf(house), house.oneByOne, house.metrics);
  const activate = (seats: Seats, id: string) =>
    runAs({ requestId: null, actor: 'license_key' }, () =>
      new ActivateLicenseHandler(seats).execute(new ActivateLicense(jane.key, 'pro', { id })),
    );
  const deactivate = (seats: Seats, id: string) =>
    runAs({ requestId: null, actor: 'license_key' }, () =>
      new DeactivateInstanceHandler(seats).execute(new DeactivateInstance(jane.key, 'pro', id)),
    );
  const atOnce = <T>(one: (number: number) => Promise<T>) => Promise.allSettled(Array.from({ length: together }, (_, i) => one(i)));
  const fulfilled = <T>(settled: PromiseSettledResult<T>[]) => settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const sql = <Row extends object>(text: string) => withOwner(house.name, async (owner) => (await owner.query<Row>(text)).rows);
  const seats = async () => {
    const [row] = await sql<{ counted: number; living: number }>(
      `select seats_used as counted, (select count(*)::int from activations where deactivated_at is null) as living from licenses`,
    );
    return row!;
  };

  describe.each(Object.entries(ways))('of seats given %s:', (way, { locked, unlocked }) => {
    describe('many instances, five seats', () => {
      const sold = async (seatsOf: () => Seats) => {
        const taken = fulfilled(await atOnce((i) => activate(seatsOf(), `site-${i}`))).length;
        return { taken, ...(await seats()) };
      };
      it('are sold right with it', async () => {
        expect(await sold(locked())).toEqual({ taken: 5, counted: 5, living: 5 });
      });
      it('are oversold without it', async () => {
        const { taken, counted, living } = await sold(unlocked());
        expect(taken).toBeGreaterThan(5);
        expect(living).toBe(taken);
        expect(counted).toBeLessThan(taken);
      });
    });

    describe('one instance, many times', () => {
      const asked = async (seatsOf: () => Seats) => {
        const answers = await atOnce(() => activate(seatsOf(), 'site'));
        const failed = answers.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code?: string }).code] : []));
        return { failed, ids: new Set(fulfilled(answers).map(({ activation }) => activation.id)).size };
      };
      it('is answered the same with it', async () => {
        expect(await asked(locked())).toEqual({ failed: [], ids: 1 });
      });
      // A shared transaction that runs into it is done again one by one, where the lock is.
      if (way === 'one by one') {
        it('runs into the unique constraint without it', async () => {
          expect((await asked(unlocked())).failed).toContain('23505');
        });
      }
    });

    describe('all who left, at once,', () => {
      const left = async (seatsOf: () => Seats) => {
        await sql('update licenses set seat_limit = 99, seat_ceiling = 99');
        await atOnce((i) => activate(house.seats, `site-${i}`));
        await atOnce((i) => deactivate(seatsOf(), `site-${i}`));
        return seats();
      };
      it('are counted with it', async () => {
        expect(await left(locked())).toEqual({ counted: 0, living: 0 });
      });
      it('are miscounted without it', async () => {
        const { counted, living } = await left(unlocked());
        expect(living).toBe(0);
        expect(counted).toBeGreaterThan(0);
      });
    });
  });

  describe('one product, provisioned many times onto a key', () => {
    const provisioned = async () => {
      await sql(`update licenses set status = 'cancelled'`);
      const asked = new ProvisionLicenses(acme, 'jane@example.com', jane.key, [{ productCode: 'pro' }]);
      return fulfilled(await atOnce(() => provisioning(house).execute(asked))).length;
    };
    it('gives one license with its unique index', async () => {
      expect(await provisioned()).toBe(1);
    });
    it('gives several without', async () => {
      await sql('drop index licenses_one_per_product');
      expect(await provisioned()).toBeGreaterThan(1);
    });
  });

  describe('a leaked key, replaced many times', () => {
    const leakStillOpens = async (keys: PostgresHouse['keys']) => {
      const handler = new ReissueLicenseKeyHandler(house.work, house.directory, keys, mint, house.clock);
      await atOnce(() => handler.execute(new ReissueLicenseKey(acme, jane.licenseKey.id, 3600)));
      return (await house.records.about(jane.key, undefined)).evidence !== null;
    };
    it('opens nothing any more with it', async () => {
      expect(await leakStillOpens(house.keys)).toBe(false);
    });
    it('still opens without it', async () => {
      expect(await leakStillOpens(new UnlockedLicenseKeys(house))).toBe(true);
    });
  });

  describe('a leaked secret, rotated many times', () => {
    const leakStillWorks = async (apiKeys: PostgresHouse['apiKeys']) => {
      const key = anApiKey();
      await house.work.run(acme, () => house.apiKeys.save(key));
      const secrets = { mint: () => mintSecret('test', 'brand') };
      const handler = new RotateApiKeyHandler(house.work, apiKeys, secrets, house.clock);
      await atOnce(() => handler.execute(new RotateApiKey(acme, key.state.id, 3600, ['*'])));
      const kept = await house.work.run(acme, () => house.apiKeys.hold(acme, key.state.id));
      return kept!.state.previousPublicPart === key.state.publicPart;
    };
    it('is dead with it', async () => {
      expect(await leakStillWorks(house.apiKeys)).toBe(false);
    });
    it('still works without it', async () => {
      expect(await leakStillWorks(new UnlockedApiKeys(house))).toBe(true);
    });
  });
});

describe('The last line of defence, in the database itself,', () => {
  let house: PostgresHouse;
  beforeAll(async () => {
    house = await postgresHouse();
    await janeHasLicense(house, { seatLimit: 5 });
  });
  afterAll(() => house.close());
  const update = (change: string) => withOwner(house.name, (owner) => owner.query(`update licenses set ${change}`));

  it.each([
    ['one seat too many', 'seats_used = seat_limit + 1', 'licenses_no_oversell'],
    ['less than none', 'seats_used = -1', 'licenses_no_oversell'],
    ['seats in use beyond a lowered limit', 'seats_used = 5, seat_limit = 2, seat_ceiling = 2', 'licenses_no_oversell'],
    ['a ceiling that was raised to make room', 'seats_used = 3, seat_ceiling = 9', 'licenses_ceiling'],
    ['a limit without a ceiling', 'seat_ceiling = null', 'licenses_ceiling'],
  ])('refuses even its owner %s', async (_, change, constraint) => {
    await expect(update(change)).rejects.toMatchObject({ code: '23514', constraint });
  });

  it('allows the seats still in use after a limit was lowered', async () => {
    await update('seats_used = 5, seat_limit = 2, seat_ceiling = 5');
  });
});
