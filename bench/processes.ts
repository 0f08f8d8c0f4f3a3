import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadJob } from './load';
import type { Measured } from './measure';
import type { Peer } from './peers';
import type { Operator } from './stock';
import type { StraightJob } from './straight';
import { hear } from './worker';

export interface RunningService extends Operator {
  /** The address of a database of its embedded PostgreSQL, by default as the owner of everything. */
  readonly sql: (database: string, user?: string) => string;
}

type Environment = Record<string, string>;

const main = join(__dirname, '../src/main.js');
const runtime = 'latchkey_runtime';

/** Everything that is started for a run, each as a process of its own, and its end. */
export class Processes {
  readonly home = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  /** In the order in which they were started; the others rely on the first. */
  private readonly running = new Set<ChildProcess>();
  private loader: ChildProcess | null = null;
  private straightOn: ChildProcess | null = null;
  private logs = 0;
  private stopped = false;

  constructor() {
    // The embedded PostgreSQL may run as another user.
    chmodSync(this.home, 0o755);
  }

  file(name: string): string {
    return join(this.home, name);
  }

  /** The built service on an embedded PostgreSQL of its own, with the settings that it has by itself. */
  async service(): Promise<RunningService> {
    const said = await this.serve(main, { LATCHKEY_DATA_DIR: this.file('data') });
    const port = readFileSync(this.file('data/postmaster.pid'), 'utf8').split('\n')[3];
    const sql = (database: string, user = 'postgres') => `postgres://${user}@127.0.0.1:${port}/${database}`;
    return { url: urlIn(said)!, operatorKey: operatorKeyIn(said)!, sql };
  }

  /** Another service over a database there, which leaves the work in the background to the first. A database without a brand gets an operator. */
  async another({ sql }: RunningService, database: string, environment: Environment = {}): Promise<Operator> {
    const said = await this.serve(main, { ...over(sql, database), BACKGROUND_WORK: 'false', ...environment });
    return { url: urlIn(said)!, operatorKey: operatorKeyIn(said) ?? '' };
  }

  /** Two of them behind one port; the first works in the background too. Answers their address. */
  async cluster({ sql }: RunningService, database: string): Promise<string> {
    return urlIn(await this.serve(join(__dirname, 'cluster.js'), over(sql, database)))!;
  }

  /** The bare servers, by their addresses. */
  async peers(): Promise<Record<Peer, string>> {
    return (await this.hear(this.keep(fork(join(__dirname, 'peers.js'))))) as Record<Peer, string>;
  }

  /** Runs a load over HTTP to its end. */
  async load(job: LoadJob): Promise<Measured> {
    this.loader ??= this.keep(fork(join(__dirname, 'load.js')));
    this.loader.send(job);
    return (await this.hear(this.loader)) as Measured;
  }

  /** Runs what is underneath the service, in a process without HTTP that is connected to `database`. */
  async straight({ sql }: RunningService, database: string, poolSize: number, job: StraightJob): Promise<Measured> {
    const addresses = [sql(database, runtime), sql(database), String(poolSize)];
    this.straightOn ??= this.keep(fork(join(__dirname, 'straight.js'), addresses));
    this.straightOn.send(job);
    return (await this.hear(this.straightOn)) as Measured;
  }

  /** Ends all of it, last the service that has the PostgreSQL, and leaves nothing on the disk. May be called again. */
  async stop(): Promise<void> {
    this.stopped = true;
    const [first, ...others] = [...this.running];
    await Promise.all(others.map(end));
    if (first) await end(first);
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Starts it; its log goes to a file. Answers what it has written once it listens. */
  private async serve(script: string, environment: Environment): Promise<string> {
    const said = this.file(`service-${++this.logs}.log`);
    const log = openSync(said, 'w');
    const { PATH = '' } = process.env;
    const env = { PATH, PORT: '0', RATE_LIMITS: 'off', ...environment };
    // As `npm start` starts it.
    const child = this.keep(
      spawn(process.execPath, ['--max-semi-space-size=32', script], { cwd: this.home, env, stdio: ['ignore', log, log], detached: true }),
    );
    for (;;) {
      const text = readFileSync(said, 'utf8');
      if (urlIn(text)) return text;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The service did not start:\n${text}`);
      await sleep(20);
    }
  }

  private keep<Child extends ChildProcess>(child: Child): Child {
    if (this.stopped) child.kill();
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return child;
  }

  private hear(child: ChildProcess): Promise<unknown> {
    return hear(child).catch((error: Error) => Promise.reject(this.stopped ? new Error('stopped') : error));
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGINT');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const over = (sql: RunningService['sql'], database: string): Environment => ({
  DATABASE_URL: sql(database, runtime),
  MIGRATION_DATABASE_URL: sql(database),
});

/** As the service's log has it; the cluster writes such a line once both are there. */
const urlIn = (text: string): string | undefined =>
  /"url":"([^"]+)".*Latchkey is running/.exec(text)?.[1]?.replace('localhost', '127.0.0.1');
const operatorKeyIn = (text: string): string | undefined => /internal API key +(\S+)/.exec(text)?.[1];
