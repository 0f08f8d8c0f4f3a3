import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import type { Measured } from './measure';
import { Processes, type RunningService } from './processes';
import { type Row, type Work, worksOn, worksOnTwo } from './rows';
import { faultsAfter, stockUp } from './stock';
import { errorsOf, keep, report, samplesOf, tableOf, truthOf } from './table';

const usage = `Measures the built service beside its limits, in the same run: npm run bench -- [options]

  --licenses <n>      how many there are                               (default: 100000)
  --seconds <n>       how long each round lasts                        (default: 3)
  --rounds <n>        how often each is run                            (default: 3)
  --write             keep the result in bench/README.md
  --long              growth to millions of licenses, and two processes behind one port, as well
  --licenses-max <n>  how far growth goes                              (default: 10000000)
  --lone-calls <n>    calls of a lone caller at each step of growth    (default: 2000)
  --seed <text>       what the licenses of growth are made from        (default: latchkey)
  --help`;

const [callers, poolSize, database] = [32, 10, 'postgres'];
type Options = Exclude<ReturnType<typeof readOptions>, null>;

function readOptions() {
  const { values } = parseArgs({
    options: {
      licenses: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      write: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      'licenses-max': { type: 'string', default: '10000000' },
      'lone-calls': { type: 'string', default: '2000' },
      seed: { type: 'string', default: 'latchkey' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const whole = (name: 'licenses' | 'rounds' | 'licenses-max' | 'lone-calls', least: number): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least) throw new Error(`--${name} is a whole number from ${least} on`);
    return value;
  };
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error('--seconds is a number above 0');
  if (!/^\w+$/.test(values.seed)) throw new Error('--seed is made of letters and digits');
  return {
    ...{ seconds, write: values.write, long: values.long, seed: values.seed },
    ...{
      licenses: whole('licenses', 1_001),
      rounds: whole('rounds', 1),
      most: whole('licenses-max', 1_000),
      loneCalls: whole('lone-calls', 1),
    },
  };
}

const say = (text: string) => process.stderr.write(`${text}\n`);

/** Milliseconds that a fixed work of the processor takes: what else goes on shows in it. */
function calibrate(): number {
  const start = performance.now();
  for (let i = 0; i < 100_000; i++) createHmac('sha256', 'calibration').update(String(i)).digest();
  return performance.now() - start;
}

/** A run: what was started for it, and what it has acknowledged so far. */
interface Run {
  readonly options: Options;
  readonly processes: Processes;
  readonly service: RunningService;
  readonly owner: Client;
  readonly stock: string;
  readonly seats: { taken: number; freed: number };
}

/** Does all works round by round, so that what disturbs the machine for a while disturbs all of them. */
async function interleave(run: Run, works: readonly Work[], name = ''): Promise<Row[]> {
  const { rounds, seconds } = run.options;
  const rows = works.map((work) => ({ ...work, rounds: [] as Measured[] }));
  // Round 0 warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const [at, row] of rows.entries()) {
      const measured = await once(run, row, round === 0 ? Math.min(1, seconds) : seconds, `${name}${round}-${at}`);
      const errors = measured.wrong > 0 ? `  ${measured.wrong} errors` : '';
      say(`round ${round}/${rounds}  ${row.work.padEnd(52)} ${Math.round(measured.perSecond)}/s${errors}`);
      if (round > 0) row.rounds.push(measured);
    }
  }
  return rows;
}

async function once(
  { options, processes, service, owner, stock, seats }: Run,
  { does }: Work,
  seconds: number,
  round: string,
): Promise<Measured> {
  const measured =
    'http' in does
      ? await processes.load({ ...does.http, stock, callers, round, length: { seconds } })
      : await processes.straight(service, database, poolSize, { what: does.straight, stock, callers, seconds, round });
  seats.taken += measured.taken;
  seats.freed += measured.freed;
  // Longer than that the next work does not wait for what this one left to be done in the background.
  if (measured.taken > 0) await settle(owner, options.seconds);
  return measured;
}

/** Waits a little until the service has given the events their places in the log; answers how many still have none. */
async function settle(owner: Client, seconds: number): Promise<number> {
  for (const end = performance.now() + seconds * 1000; ; await sleep(50)) {
    const { rows } = await owner.query<{ waiting: number }>('select count(*)::int as waiting from outbox_events where sequence is null');
    const { waiting } = rows[0]!;
    if (waiting === 0 || performance.now() > end) return waiting;
  }
}

/** More callers than there are seats, on a few licenses: as many get one as there are, and the others are refused. */
async function race({ processes, stock, seats }: Run, url: string, keys: 'limited' | 'limited too'): Promise<string[]> {
  const { taken, wrong, sample } = await processes.load({
    ...{ url, question: 'race', keys, stock, callers, round: `race-${keys.replace(' ', '-')}` },
    length: { calls: 2_000 },
  });
  seats.taken += taken;
  return wrong === 0 ? [] : [`in the race for seats ${wrong} answers were wrong: ${sample}`];
}

async function main(options: Options, processes: Processes): Promise<boolean> {
  const loadBefore = loadavg()[0]!;
  const before = calibrate();
  say('starting the services and their peers');
  const service = await processes.service();
  const limits = { RATE_LIMITS: 'on', RATE_LIMIT_INSTANCE: '1000000', RATE_LIMIT_LICENSE_KEY: '1000000' };
  const [limited, peers] = await Promise.all([processes.another(service, database, limits), processes.peers()]);
  const owner = new Client({ connectionString: service.sql(database) });
  owner.on('error', () => undefined);
  await owner.connect();

  say(`loading ${options.licenses} licenses`);
  const stock = processes.file('stock.json');
  writeFileSync(stock, JSON.stringify(await stockUp(owner, service, options.licenses)));

  const run: Run = { options, processes, service, owner, stock, seats: { taken: 0, freed: 0 } };
  const rows = await interleave(run, worksOn({ peers, service: service.url, limited: limited.url }));
  const raceFaults = await race(run, service.url, 'limited');
  const [backlog, after] = [await settle(owner, 3), calibrate()];
  const faults = [...raceFaults, ...(await faultsAfter(owner, run.seats))];
  const { rows: version } = await owner.query<{ server_version: string }>('show server_version');
  const postgres = version[0]!.server_version;
  const { licenses, seconds, rounds } = options;
  const command = `npm run bench -- ${options.long ? '--long ' : ''}--licenses ${licenses} --seconds ${seconds} --rounds ${rounds}`;
  const calibration = [before, after] as const;
  const parts = [report(rows, { ...options, command, callers, postgres, loadBefore, calibration, backlog, faults })];
  let isRight = faults.length === 0 && rows.every((row) => errorsOf(row) === 0);

  if (options.long) {
    const two = await twoProcesses(run);
    // Only then, because it needs nearly all of the service.
    const { grow } = await import('./growth.js');
    const growing = { seed: options.seed, most: options.most, callers, seconds, loneCalls: options.loneCalls };
    const grown = await grow(processes, service, growing, say);
    parts.push(two.text, grown.text);
    isRight &&= two.isRight && grown.faults.length === 0;
  }
  await owner.end();
  const text = parts.join('\n\n');
  process.stdout.write(`${text}\n`);
  if (options.write) keep(text, new Date().toISOString().slice(0, 10));
  return isRight;
}

/** Two services behind one port beside the single one, over the same database. */
async function twoProcesses(run: Run): Promise<{ text: string; isRight: boolean }> {
  say('two processes behind one port');
  const cluster = await run.processes.cluster(run.service, database);
  const rows = await interleave(run, worksOnTwo(run.service.url, cluster), 'two-');
  const faults = [...(await race(run, cluster, 'limited too')), ...(await faultsAfter(run.owner, run.seats))];
  const head = '### Two processes behind one port\n\nThe limit of a row is the one above it: the same by the single process.';
  const text = [head, '', tableOf(rows), '', truthOf(faults), ...samplesOf(rows)].join('\n');
  return { text, isRight: faults.length === 0 && rows.every((row) => errorsOf(row) === 0) };
}

async function start(): Promise<number> {
  const options = readOptions();
  if (!options) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const processes = new Processes();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void processes.stop();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return (await main(options, processes)) ? 0 : 1;
  } catch (error) {
    if (!interrupted) throw error;
    say('interrupted');
    return 130;
  } finally {
    await processes.stop();
  }
}

start().then(
  (code) => process.exit(code),
  (error: Error) => {
    say(error.message);
    process.exit(1);
  },
);
