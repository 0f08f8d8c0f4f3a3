import { writeFileSync } from 'node:fs';
import { Client } from 'pg';
import type { Ask } from './load';
import type { Measured } from './measure';
import { type LoadedKey, Millions, roomFor } from './millions';
import { type Plan, plansOf } from './plans';
import type { Processes, RunningService } from './processes';
import { openBrand, type OpenedBrand, type Operator } from './stock';
import { fine, markdown, whole } from './table';

export interface Growing {
  readonly seed: string;
  readonly most: number;
  readonly callers: number;
  readonly seconds: number;
  /** How many calls a caller without company makes. */
  readonly loneCalls: number;
}

const [database, product] = ['growth', 'bench'];
const steps = [10_000, 1_000_000, 10_000_000];
const atMost = 1.3;

interface Step {
  readonly licenses: number;
  readonly plans: readonly Plan[];
  readonly measured: readonly Measured[];
}

/** Loads ever more licenses into a database of its own and times the same questions at each step. Answers a report, and what was wrong. */
export async function grow(processes: Processes, service: RunningService, growing: Growing, say: (text: string) => void) {
  const room = roomFor(processes.home);
  const wanted = [...new Set(steps.map((licenses) => Math.min(licenses, growing.most)))];
  const possible = wanted.filter((licenses) => licenses <= room);
  const notes =
    possible.length < wanted.length ? [`The disk has room for ${whole(room)} licenses: the steps beyond that were left out.`] : [];
  notes.forEach(say);

  const owner = await connect(service.sql('postgres'));
  await owner.query(`create database ${database}`);
  await owner.end();
  const grown = await processes.another(service, database);
  const url = service.sql(database);
  const reader = await connect(url);
  const like = await openBrand(reader, grown, 'growth', 'GROWTH');
  await activateOnce(grown, like);
  const millions = await Millions.open(url, growing.seed, like, say);
  // One by the template's own, and those of the plans and the load.
  let [taken, freed, faults] = [1, 0, [] as string[]];
  const done: Step[] = [];
  for (const licenses of possible) {
    say(`growing to ${whole(licenses)} licenses`);
    const keys = await millions.loadUpTo(licenses);
    const { plans, seats } = await plansOf(url, ofLargestBrand(keys), product);
    faults.push(
      ...plans.flatMap(({ statement, scanned }) =>
        scanned.map((table) => `at ${whole(licenses)} \`${statement}…\` looks at too many rows of ${table}`),
      ),
    );
    const measured: Measured[] = [];
    for (const { work, ...asked } of worksOn(growing)) {
      const result = await askFor(processes, grown, keys, `${licenses}-${work}`.replace(/\W+/g, '-'), asked);
      say(`  ${work.padEnd(34)} p50 ${fine(result.p50)} ms, ${whole(result.perSecond)}/s${result.wrong ? `  ${result.wrong} errors` : ''}`);
      measured.push(result);
    }
    taken += seats + measured.reduce((sum, one) => sum + one.taken, 0);
    freed += seats;
    done.push({ licenses, plans, measured });
  }
  await millions.close();
  faults = [...faults, ...(await faultsAmong(reader, taken, freed)), ...done.flatMap(({ measured }) => wrongIn(measured))];
  await reader.end();
  return { text: reportOf(done, growing, notes, faults), faults };
}

const worksOn = ({ callers, seconds, loneCalls }: Growing) => {
  const [verify, activate] = ['verify', 'activate'] as const;
  const [alone, together] = [
    { callers: 1, length: { calls: loneCalls } },
    { callers, length: { seconds } },
  ];
  return [
    // The first does not count: it warms the service up, not what is asked about.
    { work: 'warming up', question: verify, callers, length: { seconds: Math.min(1, seconds) } },
    { work: 'verify, a lone caller', question: verify, ...alone },
    { work: 'activate, a lone caller', question: activate, ...alone },
    { work: `verify, ${callers} callers`, question: verify, ...together },
    { work: `activate, ${callers} callers`, question: activate, ...together },
  ];
};

type Asked = { question: Ask['question'] } & Pick<Parameters<Processes['load']>[0], 'callers' | 'length'>;

function askFor(processes: Processes, { url }: Operator, keys: readonly LoadedKey[], round: string, asked: Asked): Promise<Measured> {
  const stock = processes.file(`stock-${round}.json`);
  writeFileSync(stock, JSON.stringify({ product, keys: { existing: keys.map(({ text }) => text) } }));
  return processes.load({ ...asked, url, keys: 'existing', stock, round });
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** So that there is an activation to copy, too. */
async function activateOnce({ url }: Operator, { key }: OpenedBrand): Promise<void> {
  const body = JSON.stringify({ license_key: key, product_code: product, instance_id: 'https://site.example' });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/licenses/activate`, { method: 'POST', headers, body });
  if (response.status !== 201) throw new Error(`activate answered ${response.status}: ${await response.text()}`);
}

function ofLargestBrand(keys: readonly LoadedKey[]): LoadedKey[] {
  const byBrand = new Map<string, LoadedKey[]>();
  for (const key of keys) {
    const those = byBrand.get(key.brandId);
    if (those) those.push(key);
    else byBrand.set(key.brandId, [key]);
  }
  return [...byBrand.values()].sort((one, other) => other.length - one.length)[0]!;
}

async function faultsAmong(reader: Client, taken: number, freed: number): Promise<string[]> {
  const { rows } = await reader.query<{ unequal: number; activated: number; deactivated: number }>(
    `select (select count(*)::int from licenses l
               left join (select license_id, count(*) as living from activations where deactivated_at is null group by 1) a on a.license_id = l.id
              where l.seats_used <> coalesce(a.living, 0)) as unequal,
            (select count(*)::int from outbox_events where type = 'license.activated') as activated,
            (select count(*)::int from outbox_events where type = 'seat.deactivated') as deactivated`,
  );
  const { unequal, activated, deactivated } = rows[0]!;
  return [
    ...(unequal === 0 ? [] : [`${unequal} licenses count other seats than are taken`]),
    ...(activated === taken ? [] : [`${taken} activations were acknowledged, ${activated} events are there`]),
    ...(deactivated === freed ? [] : [`${freed} deactivations were acknowledged, ${deactivated} events are there`]),
  ];
}

const wrongIn = (measured: readonly Measured[]): string[] =>
  measured.flatMap(({ sample }) => (sample === null ? [] : [`an answer was ${sample}`]));

function reportOf(done: readonly Step[], growing: Growing, notes: readonly string[], faults: readonly string[]): string {
  const [first] = done;
  if (!first) return ['### Growth', '', ...notes].join('\n');
  const works = worksOn(growing).map(({ work }, at) => ({ work, at }));
  const rows = works.slice(1).map(({ work, at }) => {
    const of = ({ measured }: Step) => measured[at]!;
    const cells = done.flatMap((step) => {
      const times = `${fine(of(step).p50)} / ${fine(of(step).p99)}`;
      return step === first ? [times] : [times, (of(step).p50 / of(first).p50).toFixed(2)];
    });
    return [work, ...cells, `≤ ${atMost}`];
  });
  const head = done.flatMap(({ licenses }, at) => (at === 0 ? [whole(licenses)] : [whole(licenses), 'ratio']));
  const { plans } = done.at(-1)!;
  return [
    '### Growth',
    '',
    `Licenses, with two activations each, of 20 brands; a request over HTTP, p50 / p99 in ms; ratios are of the p50 to that of ${whole(first.licenses)} licenses. ` +
      `A lone caller made ${whole(growing.loneCalls)} calls, ${growing.callers} callers asked for ${growing.seconds} s, always for random ones of up to 20,000 keys that are spread over all.`,
    '',
    markdown(['work', ...head, 'target'], rows),
    '',
    ...notes.map((note) => `${note}\n`),
    `Of the statements behind them, those that read a table, and by which indexes at ${whole(done.at(-1)!.licenses)} (as PostgreSQL did them; none may look at many rows for few, at any step):`,
    '',
    markdown(
      ['statement', 'reads by'],
      plans.map(({ statement, indexes, scanned }) => [
        `\`${statement.replaceAll('|', '\\|')}\``,
        [...indexes, ...scanned.map((table) => `**too much of ${table}**`)].join(', '),
      ]),
      2,
    ),
    '',
    faults.length === 0
      ? 'Afterwards: living rows = `seats_used`, and what was acknowledged = events.'
      : `**Wrong:** ${faults.join('; ')}.`,
  ].join('\n');
}
