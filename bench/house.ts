import type { EventBus } from '@nestjs/cqrs';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { AuditLog } from '../libs/persistence/audit-log';
import { Database } from '../libs/persistence/database';
import { Outbox } from '../libs/persistence/outbox';
import { Metrics } from '../libs/telemetry/metrics';
import { PostgresActivations } from '../src/activations/adapters/postgres-activations';
import { PostgresRecords } from '../src/activations/adapters/postgres-records';
import { PostgresSeats } from '../src/activations/adapters/postgres-seats';
import { SeatsOneByOne } from '../src/activations/adapters/seats-one-by-one';
import { LicenseDesk } from '../src/licenses';
import { PostgresLicenseKeys } from '../src/licenses/adapters/postgres-license-keys';
import { PostgresLicenses } from '../src/licenses/adapters/postgres-licenses';
import { benchMint } from './stock';

/** What stands behind the ports of the hot paths, put together as the modules do it, without HTTP and with nobody to hear of the events. */
export async function openHouse(options: DataSourceOptions) {
  const source = await new DataSource(options).initialize();
  const db = new Database(source);
  const audit = new AuditLog(db);
  const signals: Pick<EventBus, 'publishAll'> = { publishAll: () => undefined };
  const outbox = new Outbox(db, audit, signals as EventBus);
  const desk = new LicenseDesk(new PostgresLicenseKeys(db, outbox), new PostgresLicenses(db, outbox), benchMint(), db);
  const metrics = new Metrics();
  const oneByOne = new SeatsOneByOne(db, desk, new PostgresActivations(db, outbox), db);
  return {
    records: new PostgresRecords(db, desk, metrics),
    oneByOne,
    shared: new PostgresSeats(db, outbox, audit, desk, oneByOne, metrics),
    close: () => source.destroy(),
  };
}
