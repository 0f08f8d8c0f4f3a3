import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Measured } from './load';
import type { Peer } from './peers';

export interface RunningService {
  readonly url: string;
  readonly operatorKey: string;
  /** Of its embedded PostgreSQL, as the owner. */
  readonly ownerUrl: string;
}

/** Everything that is started for a run, each as a process of its own, and its end. */
export class Processes {
  private readonly home = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  private readonly running = new Set<ChildProcess>();
  private stopped = false;

  constructor() {
    // The embedded PostgreSQL may run as another user.
    chmodSync(this.home, 0o755);
  }

  file(name: string): string {
    return join(this.home, name);
  }

  /** The built service on an embedded PostgreSQL of its own, with the settings that it has by itself; its log goes to a file. */
  async service(): Promise<RunningService> {
    const said = this.file('service.log');
    const log = openSync(said, 'w');
    const { PATH = '' } = process.env;
    const env = { PATH, PORT: '0', LATCHKEY_DATA_DIR: this.file('data') };
    const child = this.keep(
      spawn(process.execPath, [join(__dirname, '../src/main.js')], { cwd: this.home, env, stdio: ['ignore', log, log], detached: true }),
    );
    for (;;) {
      const text = readFileSync(said, 'utf8');
      const [, url] = /"url":"([^"]+)".*Latchkey is running/.exec(text) ?? [];
      const [, operatorKey] = /internal API key +(\S+)/.exec(text) ?? [];
      if (url && operatorKey) {
        const port = readFileSync(this.file('data/postmaster.pid'), 'utf8').split('\n')[3];
        return { url: url.replace('localhost', '127.0.0.1'), operatorKey, ownerUrl: `postgres://postgres@127.0.0.1:${port}/postgres` };
      }
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The service did not start:\n${text}`);
      await sleep(20);
    }
  }

  /** A bare server; answers its address. */
  async peer(name: Peer): Promise<string> {
    return (await this.hear(this.keep(fork(join(__dirname, 'peers.js'), [name])))) as string;
  }

  /** Runs a load to its end. */
  async load(job: Job): Promise<Measured> {
    const child = this.keep(fork(join(__dirname, 'load.js')));
    child.send(job);
    const measured = (await this.hear(child)) as Measured;
    if (child.exitCode === null) await once(child, 'exit');
    return measured;
  }

  /** Ends all of it, the service and its PostgreSQL in order, and leaves nothing on the disk. May be called again. */
  async stop(): Promise<void> {
    this.stopped = true;
    const ends = [...this.running].map(async (child) => {
      child.kill('SIGINT');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    await Promise.all(ends);
    rmSync(this.home, { recursive: true, force: true });
  }

  private keep<Child extends ChildProcess>(child: Child): Child {
    if (this.stopped) child.kill();
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return child;
  }

  /** What a process of ours tells first; its end before that is a failure. */
  private async hear(child: ChildProcess): Promise<unknown> {
    const ended = once(child, 'exit').then(() =>
      Promise.reject(new Error(this.stopped ? 'stopped' : 'A process of the bench ended early.')),
    );
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
    return message;
  }
}
