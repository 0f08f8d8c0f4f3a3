import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

export const root = resolve(__dirname, '../..');
const entry = (name: string) => join(root, 'dist/src', name);

export type Environment = Record<string, string>;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of the test's own to run Latchkey in: no .env, no data yet. PostgreSQL's user may enter it. */
export class Home {
  readonly path = mkdtempSync(join(tmpdir(), 'latchkey-journey-'));
  private readonly services: LatchkeyProcess[] = [];

  constructor() {
    chmodSync(this.path, 0o755);
  }

  get data(): string {
    return join(this.path, 'data');
  }

  /** The built service as its own process; it need not come up. */
  launch(environment: Environment = {}): LatchkeyProcess {
    const service = new LatchkeyProcess(
      spawn(process.execPath, [entry('main.js')], { cwd: this.path, env: this.environment(environment) }),
    );
    this.services.push(service);
    return service;
  }

  /** The built service, once it listens. */
  async start(environment: Environment = {}): Promise<LatchkeyProcess> {
    const service = this.launch(environment);
    await service.running();
    return service;
  }

  /** One command of the built command line, to its end. */
  command(args: readonly string[], environment: Environment = {}): Promise<Ended> {
    return run(process.execPath, [entry('cli.js'), ...args], { cwd: this.path, env: this.environment(environment) });
  }

  /** The process of the embedded PostgreSQL; null when none runs. */
  get postgresPid(): number | null {
    const pid = Number(this.postmaster[0]);
    return pid > 0 && isAlive(pid) ? pid : null;
  }

  /** A question to the embedded PostgreSQL, as its superuser. */
  async ask<Row extends object>(sql: string): Promise<Row[]> {
    const client = await this.connect();
    return client
      .query<Row>(sql)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  /** A connection to the embedded PostgreSQL, as its superuser. */
  async connect(): Promise<Client> {
    const client = new Client({ connectionString: `postgres://postgres@127.0.0.1:${this.postmaster[3]}/postgres` });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Ends whatever still runs here. */
  async quiet(): Promise<void> {
    for (const service of this.services.splice(0)) await service.kill();
    const pid = this.postgresPid;
    if (pid === null) return;
    process.kill(pid, 'SIGINT');
    await gone(pid);
  }

  async remove(): Promise<void> {
    await this.quiet();
    rmSync(this.path, { recursive: true, force: true });
  }

  private get postmaster(): string[] {
    try {
      return readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n');
    } catch {
      return [];
    }
  }

  /** Nothing of the developer's own settings reaches the service. */
  private environment(given: Environment): Environment {
    return { PATH: process.env.PATH ?? '', PORT: '0', LATCHKEY_DATA_DIR: this.data, ...given };
  }
}

/** A running `node dist/src/main.js`, and everything it says. */
export class LatchkeyProcess {
  stdout = '';
  stderr = '';
  private url_ = '';
  private readonly ended: Promise<number | NodeJS.Signals | null>;

  constructor(private readonly child: ChildProcess) {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // 'close' rather than 'exit': then all that was said has been heard.
    this.ended = new Promise((done) => child.once('close', (code, signal) => done(code ?? signal)));
  }

  get pid(): number {
    return this.child.pid!;
  }

  get url(): string {
    return this.url_;
  }

  /** From now on nobody reads what it says: the terminal was closed, the log's reader died. */
  deafen(): void {
    this.child.stdout!.destroy();
    this.child.stderr!.destroy();
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Every log line, read as the JSON that it is. */
  get logged(): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async running(): Promise<void> {
    const up = await this.until(() => this.logged.find(({ msg }) => msg === 'Latchkey is running'));
    this.url_ = up.url as string;
  }

  /** Waits for what must come; an end of the process before that is a failure. */
  async until<T>(see: () => T | undefined | null | false): Promise<T> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const seen = see();
      if (seen) return seen;
      if (this.child.exitCode !== null || this.child.signalCode !== null || performance.now() > deadline) {
        throw new Error(`The service did not get there. It said:\n${this.output}`);
      }
      await sleep(10);
    }
  }

  send(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Its exit code, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals | null> {
    const tooLate = sleep(30_000, undefined, { ref: false }).then(() => {
      throw new Error(`The service did not end. It said:\n${this.output}`);
    });
    return Promise.race([this.ended, tooLate]);
  }

  stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | NodeJS.Signals | null> {
    this.send(signal);
    return this.exit();
  }

  async kill(): Promise<void> {
    await this.stop('SIGKILL');
  }
}

/** What the demo prints, taken from the text as a person would. */
export function printed(text: string): { internalKey: string; brandKey: string; licenseKey: string; curls: string[] } {
  const after = (label: string) => new RegExp(`^ +${label} +(\\S+)$`, 'm').exec(text)?.[1] ?? '';
  return {
    internalKey: after('internal API key'),
    brandKey: after('brand API key'),
    licenseKey: after('license key'),
    curls: text.split('\n').flatMap((line) => /^ +(curl .*)$/.exec(line)?.[1] ?? []),
  };
}

/** Runs a line of shell as somebody would who pasted it into a terminal. */
export const inBash = (line: string, env: Environment = {}): Promise<Ended> =>
  run('bash', ['--norc', '-c', line], { cwd: tmpdir(), env: { PATH: process.env.PATH ?? '', ...env } });

function run(file: string, args: string[], options: { cwd: string; env: Environment }): Promise<Ended> {
  return new Promise((done) => {
    const child = execFile(file, args, { ...options, timeout: 60_000 }, (_error, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    );
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // One that has ended, and that nobody has waited for yet, still answers signals.
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
}

export async function gone(pid: number): Promise<void> {
  for (const deadline = performance.now() + 10_000; isAlive(pid); await sleep(10)) {
    if (performance.now() > deadline) throw new Error(`Process ${pid} did not end.`);
  }
}
