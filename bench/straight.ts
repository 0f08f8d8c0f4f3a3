import { ThrottlerStorageService } from '@nestjs/throttler';
import { Pool } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { minuteMs } from '../libs/http/rate-limits/limits';
import { MemoryStorage } from '../libs/http/rate-limits/memory-storage';
import { parseLicenseKey } from '../libs/license-key/license-key';
import { runAs } from '../libs/persistence/provenance';
import type { Seats } from '../src/activations/ports/seats';
import { ActivateLicense, ActivateLicenseHandler } from '../src/activations/use-cases/activate-license';
import { ownerDataSource, runtimeDataSource } from '../src/data-source';
import type { KeyInHand } from '../src/licenses';
import { licenseTable } from '../src/licenses/adapters/postgres-licenses';
import { openHouse } from './house';
import { type Caller, type Measured, measure, measureTiny, type Seats as SeatsTaken } from './measure';
import { readStock, type Stock } from './stock';
import { work } from './worker';

export type Straight =
  'typeorm' | 'pg unnamed' | 'pg named' | 'lookups' | 'one by one, hot' | 'one by one, spread' | 'shared, hot' | 'shared, spread' | Hit;
type Hit = 'a hit, stock' | 'a hit, ours';

/** Sent to this file as its own process: what the service does underneath, without HTTP. */
export interface StraightJob {
  readonly what: Straight;
  readonly stock: string;
  readonly callers: number;
  readonly seconds: number;
  readonly round: string;
}

/** `node dist/bench/straight.js <as the runtime role> <as the owner> <connections of each>` */
const [, , runtimeUrl, ownerUrl, poolSize] = process.argv as [string, string, string, string, string];

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

const house = once(() => openHouse(runtimeDataSource(runtimeUrl, Number(poolSize))));
const pool = once(async () => new Pool({ connectionString: ownerUrl, max: Number(poolSize), min: Number(poolSize) }));
/** As the owner, whom row-level security does not hold: the read alone is measured. */
const typeorm = once(() => {
  const { options } = ownerDataSource(ownerUrl);
  return new DataSource({ ...(options as DataSourceOptions & { type: 'postgres' }), poolSize: Number(poolSize) }).initialize();
});

const some = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)]!;
const inHand = ({ brandId, keys }: Stock, which: 'existing' | 'hot' | 'spread'): KeyInHand[] =>
  keys[which].map((text) => ({ brandId, canonical: parseLicenseKey(text)!.canonical }));
const keysOf = new Map<string, KeyInHand[]>();

async function callerOf({ what, stock: file, round }: StraightJob & { what: Exclude<Straight, Hit> }, seats: SeatsTaken): Promise<Caller> {
  const stock = readStock(file);
  const { brandId, licenseIds, product } = stock;
  const keys = (which: 'existing' | 'hot' | 'spread') => {
    if (!keysOf.has(which)) keysOf.set(which, inHand(stock, which));
    return keysOf.get(which)!;
  };
  const activating = (of: Seats, mine: readonly KeyInHand[]): Caller => {
    const handler = new ActivateLicenseHandler(of);
    let instances = 0;
    return () =>
      runAs({ requestId: null, actor: 'license_key' }, async () => {
        const instance = { id: `${round}-${instances++}` };
        const { tookSeat } = await handler.execute(new ActivateLicense(some(mine), product, instance));
        if (tookSeat) seats.taken++;
        return tookSeat ? null : 'took no seat';
      });
  };
  switch (what) {
    case 'typeorm': {
      const licenses = (await typeorm()).getRepository(licenseTable);
      return async () => ((await licenses.findOneBy({ brandId, id: some(licenseIds) })) ? null : 'no license');
    }
    case 'pg unnamed':
    case 'pg named': {
      const text = 'select * from licenses where brand_id = $1 and id = $2';
      const statement = what === 'pg named' ? { name: 'license by id', text } : { text };
      const connections = await pool();
      return async () => {
        const { rowCount } = await connections.query({ ...statement, values: [brandId, some(licenseIds)] });
        return rowCount === 1 ? null : `${rowCount} rows`;
      };
    }
    case 'lookups': {
      const [{ records }, mine] = [await house(), keys('existing')];
      return async () => ((await records.about(some(mine), undefined)).evidence?.licenses.length === 1 ? null : 'not on record');
    }
    case 'one by one, hot':
      return activating((await house()).oneByOne, keys('hot'));
    case 'one by one, spread':
      return activating((await house()).oneByOne, keys('spread'));
    case 'shared, hot':
      return activating((await house()).shared, keys('hot'));
    case 'shared, spread':
      return activating((await house()).shared, keys('spread'));
  }
}

/** One bucket, of a thousand that are asked in turn, with a limit that is not reached. */
async function measureHits(what: Hit, seconds: number): Promise<Measured> {
  const keys = Array.from({ length: 1_000 }, (_, number) => `license_key:${number}`);
  const limit = 1_000_000;
  let next = 0;
  const key = () => keys[next++ % keys.length]!;
  if (what === 'a hit, ours') {
    const storage = new MemoryStorage();
    return measureTiny(() => storage.take([{ key: key(), limit, windowMs: minuteMs }]), seconds);
  }
  const storage = new ThrottlerStorageService();
  try {
    return await measureTiny(() => storage.increment(key(), minuteMs, limit, 0, 'bench'), seconds);
  } finally {
    storage.onApplicationShutdown();
  }
}

async function straight(job: StraightJob): Promise<Measured> {
  const { what, callers, seconds } = job;
  if (what === 'a hit, ours' || what === 'a hit, stock') return measureHits(what, Math.min(1, seconds));
  const seats: SeatsTaken = { taken: 0, freed: 0 };
  const caller = await callerOf({ ...job, what }, seats);
  return measure(Array<Caller>(callers).fill(caller), { seconds }, seats);
}

work(straight);
