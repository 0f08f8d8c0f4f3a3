import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import type { Ask, Job, Measured } from './load';
import { Processes, type RunningService } from './processes';
import { faultsAfter, stockUp } from './stock';
import { keep, report, type Row } from './table';

const usage = `Measures the built service beside its limits, in the same run: npm run bench -- [options]

  --licenses <n>   how many there are        (default: 100000)
  --seconds <n>    how long each round lasts (default: 5)
  --rounds <n>     how often each is run     (default: 3)
  --write          keep the result in bench/README.md
  --help`;

const callers = 32;
const poolSize = 10;

interface Options {
  readonly licenses: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly write: boolean;
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      licenses: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const [licenses, seconds, rounds] = [values.licenses, values.seconds, values.rounds].map(Number) as [number, number, number];
  if (!Number.isInteger(licenses) || licenses < 1001) throw new Error('--licenses is a whole number above 1000');
  if (!(seconds > 0)) throw new Error('--seconds is a number above 0');
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number above 0');
  return { licenses, seconds, rounds, write: values.write };
}

const say = (text: string) => process.stderr.write(`${text}\n`);

/** What is run in every round; the first three are the limits. */
function worksOn({ url, ownerUrl }: RunningService, peers: { http: string; fastify: string }, stock: string): Record<string, Job['ask']> {
  const verify = (keys: Ask['keys'], body: string): Ask => ({
    url: `${url}/v1/licenses/verify`,
    stock,
    keys,
    expect: { status: 200, body },
  });
  const bare = (at: string): Ask => ({ ...verify('existing', '"valid":true'), url: at });
  const activate = (keys: Ask['keys']): Ask => ({
    url: `${url}/v1/licenses/activate`,
    stock,
    keys,
    newInstance: keys,
    expect: { status: 201, body: '"activation":{' },
  });
  return {
    'bare node:http': bare(peers.http),
    'bare Fastify': bare(peers.fastify),
    'one SQL read through pg (no HTTP)': { sql: ownerUrl, stock, poolSize },
    'verify, a random key': verify('existing', '"valid":true'),
    'verify, an unknown key': verify('unknown', '"code":"not_found"'),
    'activate, one hot license': activate('hot'),
    'activate, over 1,000 licenses': activate('spread'),
  };
}

async function bench(options: Options, processes: Processes): Promise<boolean> {
  const { licenses, seconds, rounds } = options;
  const loadBefore = loadavg()[0]!;
  say('starting the service and its peers');
  const service = await processes.service();
  const peers = { http: await processes.peer('http'), fastify: await processes.peer('fastify') };
  const owner = new Client({ connectionString: service.ownerUrl });
  owner.on('error', () => undefined);
  await owner.connect();

  say(`loading ${licenses} licenses`);
  const stock = processes.file('stock.json');
  writeFileSync(stock, JSON.stringify(await stockUp(owner, service.url, service.operatorKey, licenses)));

  const rows = Object.entries(worksOn(service, peers, stock)).map(([work, ask]) => ({ work, ask, rounds: [] as Measured[] }));
  let activated = 0;
  // Round 0 warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const { work, ask, rounds: measured } of rows) {
      const named = 'newInstance' in ask ? { ...ask, newInstance: `${ask.newInstance}-${round}` } : ask;
      const result = await processes.load({ ask: named, callers, seconds: round === 0 ? Math.min(1, seconds) : seconds });
      if ('newInstance' in ask) activated += result.answers - result.wrong;
      say(
        `round ${round}/${rounds}  ${work.padEnd(36)} ${Math.round(result.perSecond)}/s${result.wrong ? `  ${result.wrong} errors` : ''}`,
      );
      if (round > 0) measured.push(result);
    }
  }

  const faults = await faultsAfter(owner, activated);
  const { rows: version } = await owner.query<{ server_version: string }>('show server_version');
  await owner.end();
  const command = `npm run bench -- --licenses ${licenses} --seconds ${seconds} --rounds ${rounds}`;
  const text = report(rows, rows[1]!, { ...options, command, callers, postgres: version[0]!.server_version, loadBefore, faults });
  process.stdout.write(`${text}\n`);
  if (options.write) keep(text, new Date().toISOString().slice(0, 10));
  return faults.length === 0 && rows.every((row: Row) => row.rounds.every(({ wrong }) => wrong === 0));
}

async function main(): Promise<number> {
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
    return (await bench(options, processes)) ? 0 : 1;
  } catch (error) {
    if (!interrupted) throw error;
    say('interrupted');
    return 130;
  } finally {
    await processes.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    say(error.message);
    process.exit(1);
  },
);
