import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../libs/persistence/embedded-postgres';
import type { Answer, Call, TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { migrate } from '../../src/migrate';
import { gone } from '../journeys/latchkey';
import { secrets, type ServiceProcess, spawnService } from '../fixtures/processes';
import { verifies } from '../fixtures/receiver';
import { serviceOver } from '../fixtures/services';

/** `npm run test:faults` runs the long form; `npm test` a short one of the same scenarios. */
export const long = process.env.FAULTS === 'long';
/** The same on a build with a mistake in it, which has to be found out: part of the long form. */
export const onBrokenBuild = long ? it : it.skip;
export const sized = (short: number, whole: number): number => (long ? whole : short);

/** Numbers that look random and come again with the same seed: FAULTS_SEED, which every run prints. */
export class Chance {
  readonly seed = Number(process.env.FAULTS_SEED ?? Math.floor(Math.random() * 2 ** 31));
  private state = this.seed;

  constructor(readonly scenario: string) {
    process.stdout.write(`faults: ${scenario} begins (FAULTS_SEED=${this.seed})\n`);
  }

  /** 0 to 1. A multiplicative congruential generator (Park and Miller, "minimal standard"). */
  next(): number {
    this.state = (this.state * 48_271) % 2_147_483_647 || 1;
    return this.state / 2_147_483_647;
  }
  upTo(limit: number): number {
    return Math.floor(this.next() * limit);
  }
  of<T>(things: readonly T[]): T {
    return things[this.upTo(things.length)]!;
  }
}

/** Says in one line what was tried and what was found. */
export function report({ scenario, seed }: Chance, counts: Record<string, number>): void {
  const said = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  process.stdout.write(`faults: ${scenario} (FAULTS_SEED=${seed}): ${said.join(', ')}\n`);
}

export async function until(what: string, seconds: number, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = performance.now() + seconds * 1000; !(await isSo()); await sleep(100)) {
    if (performance.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}`);
  }
}

/** A PostgreSQL of the scenario's own, which writes to the disk as one in production does, and which can be killed. */
export class Postgres {
  private readonly home = mkdtempSync(join(tmpdir(), 'latchkey-faults-'));
  private server!: EmbeddedPostgres;

  static async start(): Promise<Postgres> {
    const postgres = new Postgres();
    chmodSync(postgres.home, 0o755);
    await postgres.come();
    await migrate(postgres.ownerUrl);
    return postgres;
  }

  get ownerUrl(): string {
    return this.server.url('postgres');
  }
  get runtimeUrl(): string {
    return this.server.url('postgres', 'latchkey_runtime');
  }

  async ask<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.ownerUrl });
    client.on('error', () => undefined);
    await client.connect();
    return client
      .query<Row>(sql, parameters)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  /** kill -9 of the server and of every process of it at once: nothing gets a chance to write. */
  async kill(): Promise<void> {
    this.freeze();
    const all = this.processes;
    for (const pid of all) process.kill(pid, 'SIGKILL');
    for (const pid of all) await gone(pid);
  }

  /** It stands still, with every connection open: whoever asks is not answered, and not told that. */
  freeze(): void {
    for (const pid of this.processes) process.kill(pid, 'SIGSTOP');
  }

  thaw(): void {
    for (const pid of this.processes) process.kill(pid, 'SIGCONT');
  }

  private get processes(): number[] {
    const postmaster = Number(readFileSync(join(this.home, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
    return [postmaster, ...childrenOf(postmaster)];
  }

  async come(): Promise<void> {
    this.server = await openEmbeddedPostgres(join(this.home, 'data'), { ...(this.server && { port: this.server.port }) });
  }

  async remove(): Promise<void> {
    await this.server.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/stat`, 'utf8')
            .replace(/^.*\) /s, '')
            .split(' ')[1] === String(parent)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** As production, but for receivers on this machine. */
export const rigSettings = { NODE_ENV: 'test', WEBHOOKS_ALLOW_PRIVATE: 'true', DATABASE_POOL_SIZE: '8', ...secrets };

/** Some instances of the service over one database; one that is killed is started again. */
export class Fleet {
  private alive: ServiceProcess[] = [];
  private readonly coming = new Set<Promise<void>>();
  private ending = false;
  kills = 0;

  constructor(
    private readonly postgres: Postgres,
    private readonly environment: Record<string, string> = {},
    private readonly main?: string,
  ) {}

  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.spawn()));
  }

  get instances(): readonly ServiceProcess[] {
    return this.alive;
  }

  /** kill -9 of one of them, and a new one in its place. */
  kill(chance: Chance): void {
    if (this.alive.length > 0) this.replace(chance.of(this.alive));
  }

  killAll(): void {
    for (const one of this.alive) this.replace(one);
  }

  private replace(victim: ServiceProcess): void {
    if (this.ending) return;
    this.alive = this.alive.filter((one) => one !== victim);
    this.kills += 1;
    process.kill(victim.pid, 'SIGKILL');
    const again = this.spawn().finally(() => this.coming.delete(again));
    this.coming.add(again);
  }

  /** Calls as a client does that comes back until it is answered: on 503 or when the connection broke, at whichever instance lives. */
  async insist(call: Call, chance: Chance): Promise<Answer> {
    for (const deadline = performance.now() + 60_000; ; await sleep(50)) {
      const instance = this.alive.length > 0 ? chance.of(this.alive) : null;
      const answer = await instance?.call(call).catch(() => null);
      if (answer && answer.status !== 503) return answer;
      if (performance.now() > deadline) throw new Error(`Never answered: ${call.path}: ${answer?.text}`);
    }
  }

  async stop(): Promise<void> {
    this.ending = true;
    await Promise.all(this.coming);
    await Promise.all(this.alive.map((one) => one.stop()));
  }

  private async spawn(): Promise<void> {
    const settings = { ...rigSettings, MIGRATION_DATABASE_URL: this.postgres.ownerUrl, ...this.environment };
    // Not in one expression: the list may be another one after the wait.
    const one = await spawnService(this.postgres.runtimeUrl, settings, this.main);
    this.alive.push(one);
  }
}

export interface Received {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

type Behaviour = (request: IncomingMessage, response: ServerResponse, event: Received) => void;

/** Who gets the webhooks. Every delivery is verified by two libraries that are not ours. */
export class Receiver {
  /** Every delivery that was verified, in order; the same event may come more than once. */
  readonly received: Received[] = [];
  readonly violations: string[] = [];
  secret = '';
  /** How far its clock, by which deliveries are judged too old, is ahead of this machine's. */
  aheadMs = 0;
  behave: Behaviour = (_request, response) => void response.writeHead(204).end();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, response) => void receiver.take(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`;
  }

  get ids(): Set<string> {
    return new Set(this.received.map(({ id }) => id));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // The sender died while it was sending.
    }
    const body = Buffer.concat(chunks).toString();
    const headers = request.headers as Record<string, string>;
    if (!verifies({ body, headers }, this.secret, Date.now() + this.aheadMs))
      this.violations.push(`${headers['webhook-id']}: not verified`);
    const { type, data } = JSON.parse(body) as Received;
    const event = { id: headers['webhook-id']!, type, data };
    this.received.push(event);
    this.behave(request, response, event);
  }
}

/** A brand whose activations go to the receiver; made by a service in this process, which is gone before the storm. */
export async function aBrandWithAnEndpoint(postgres: Postgres, receiver: Receiver): Promise<BrandWorld> {
  const service = await serviceOver(postgres.runtimeUrl, { ...rigSettings, BACKGROUND_WORK: 'false' });
  const world = await createBrandWorld(service as unknown as TestService, { seats: null });
  const path = `/v1/brands/${world.slug}/webhook-endpoints`;
  receiver.secret = ok(await world.call({ path, body: { url: receiver.url, event_types: ['license.activated'] } })).secret;
  await service.stop();
  return world;
}

const root = resolve(__dirname, '../..');

/** A copy of the build with a mistake in it: a scenario that stays green on it proves nothing. */
export function brokenBuild(mistakes: { file: string; find: string | RegExp; replace: string }[]): { main: string; remove(): void } {
  const parent = join(root, 'node_modules/.cache');
  mkdirSync(parent, { recursive: true });
  const copy = mkdtempSync(join(parent, 'latchkey-broken-'));
  cpSync(join(root, 'dist'), copy, { recursive: true });
  for (const { file, find, replace } of mistakes) {
    const path = join(copy, file);
    const source = readFileSync(path, 'utf8');
    const broken = source.replace(find, replace);
    if (broken === source) throw new Error(`${file} has nothing like ${String(find)} to break`);
    writeFileSync(path, broken);
  }
  return { main: join(copy, 'src/main.js'), remove: () => rmSync(copy, { recursive: true, force: true }) };
}
