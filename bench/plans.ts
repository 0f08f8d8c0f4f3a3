import type { EventEmitter } from 'node:events';
import type { DataSourceOptions } from 'typeorm';
import { parseLicenseKey } from '../libs/license-key/license-key';
import { runAs } from '../libs/persistence/provenance';
import { ActivateLicense, ActivateLicenseHandler } from '../src/activations/use-cases/activate-license';
import { DeactivateInstance, DeactivateInstanceHandler } from '../src/activations/use-cases/deactivate-instance';
import { VerifyLicense, VerifyLicenseHandler } from '../src/activations/use-cases/verify-license';
import { runtimeDataSource } from '../src/data-source';
import { openHouse } from './house';
import type { LoadedKey } from './millions';

/** How a hot statement was done, in all the ways in which it was. */
export interface Plan {
  /** How the statement begins. */
  readonly statement: string;
  readonly indexes: readonly string[];
  /** Tables of which it looked at many rows for few: from one end to the other, or by an index that does not fit the question. */
  readonly scanned: readonly string[];
}

/** What PostgreSQL says beside its answers. */
interface Notice {
  readonly message?: string;
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  /** Of each time that it was done, as the next is. */
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Node[];
}

/** Large tables, and those that a busy service makes large. */
const large = ['license_keys', 'licenses', 'activations', 'outbox_events'];
/** PostgreSQL keeps one plan of a prepared statement after five that it made for the values at hand: both are to be seen. */
const [times, together] = [8, 32];
/** No question has so many rows for an answer, not even those of all callers together. */
const mostRows = 4 * together;

/**
 * Verifies, activates and deactivates, alone and in company, through what the service has behind its ports, while PostgreSQL tells (auto_explain) how
 * it does each statement, those of foreign keys included: the plans are those that the service gets. All that is taken is given back.
 * @param url as the superuser, who may ask for that @param keys of one brand
 */
export async function plansOf(url: string, keys: readonly LoadedKey[], productCode: string): Promise<{ plans: Plan[]; seats: number }> {
  const told = new Map<string, { indexes: Set<string>; scanned: Set<string> }>();
  const hear = ({ message = '' }: Notice) => {
    const from = message.indexOf('{');
    if (!message.includes('plan:') || from < 0) return;
    const { 'Query Text': text, Plan: plan } = JSON.parse(message.slice(from)) as { 'Query Text': string; Plan: Node };
    const statement = text.replace(/\s+/g, ' ').trim().slice(0, 70);
    if (!told.has(statement)) told.set(statement, { indexes: new Set(), scanned: new Set() });
    visit(plan, told.get(statement)!);
  };
  const house = await openHouse(explained(url, hear));
  const [verify, activate, deactivate] = [
    new VerifyLicenseHandler(house.records),
    new ActivateLicenseHandler(house.shared),
    new DeactivateInstanceHandler(house.shared),
  ];
  const one = ({ text, brandId }: LoadedKey, instanceId: string) =>
    runAs({ requestId: null, actor: 'license_key' }, async () => {
      const key = { brandId, canonical: parseLicenseKey(text)!.canonical };
      await activate.execute(new ActivateLicense(key, productCode, { id: instanceId }));
      await verify.execute(new VerifyLicense(key, { productCode, instanceId }));
      await deactivate.execute(new DeactivateInstance(key, productCode, instanceId));
    });
  let seats = 0;
  for (; seats < times; seats++) await one(keys[seats % keys.length]!, `plans-${seats}`);
  for (let i = 0; i < times; i++) {
    await Promise.all(Array.from({ length: together }, (_, number) => one(keys[number % keys.length]!, `plans-${seats + number}`)));
    seats += together;
  }
  await house.close();
  const plans = [...told].map(([statement, { indexes, scanned }]) => ({ statement, indexes: [...indexes], scanned: [...scanned] }));
  return { plans: plans.filter(({ indexes, scanned }) => indexes.length + scanned.length > 0), seats };
}

function visit(node: Node, seen: { indexes: Set<string>; scanned: Set<string> }): void {
  const { 'Index Name': index, 'Relation Name': table = '', Plans: below = [] } = node;
  const rows = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0);
  if (index) seen.indexes.add(index);
  if (large.includes(table) && (node['Node Type'].includes('Seq Scan') || rows > mostRows)) seen.scanned.add(table);
  below.forEach((one) => visit(one, seen));
}

function explained(url: string, hear: (notice: Notice) => void): DataSourceOptions {
  const given = runtimeDataSource(url, 4);
  const extra = given.extra as { options: string };
  const settings = {
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_format': 'json',
    // How many rows were looked at: where there is no better way, an index that does not fit is read instead of the table.
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_timing': 'off',
    'auto_explain.log_nested_statements': 'on',
    client_min_messages: 'log',
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const onConnect = (client: EventEmitter) => void client.on('error', () => undefined).on('notice', hear);
  return { ...given, extra: { ...extra, options: `${extra.options} ${options.join(' ')}`, onConnect } };
}
