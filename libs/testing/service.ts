import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import pino, { type Logger } from 'pino';
import { readConfig } from '../../src/core/config';
import { allBrands, IssueApiKey } from '../../src/identity';
import { startService } from '../../src/service';
import { CommandBus } from '@nestjs/cqrs';
import { Background } from '../messaging/background';
import { Database } from '../persistence/database';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl } from './database';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, if it is JSON. */
  readonly body: any;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  /** The API key. */
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface TestService {
  readonly url: string;
  readonly database: string;
  /** As the superuser, past every wall. */
  readonly owner: Client;
  readonly internalKey: string;
  readonly app: Awaited<ReturnType<typeof startService>>['app'];
  /** Every line that was logged. */
  readonly logged: string[];
  /** What the service keeps beside its database: mails, as files, in `outbox`. */
  readonly dataDir: string;
  call(call: Call): Promise<Answer>;
  /** Lets time pass for the rules, from now on. */
  travel(days: number): void;
  /** Does now what waits in the background, in that loop or in all. */
  settle(loop?: string): Promise<void>;
  stop(): Promise<void>;
}

/** The whole service in this process, over real HTTP and a database of its own. What it does in the background waits for `settle`. */
export async function startTestService(environment: Record<string, string> = {}): Promise<TestService> {
  const database = await freshDatabase();
  const logged: string[] = [];
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-data-'));
  const log: Logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const quiet = { DOCS: 'false', BACKGROUND_WORK: 'false', RATE_LIMITS: 'off', LATCHKEY_DATA_DIR: dataDir };
  const config = readConfig({ NODE_ENV: 'test', PORT: '0', ...quiet, ...environment });
  const service = await startService(config, runtimeUrl(database), log);
  const owner = new Client({ connectionString: ownerUrl(database) });
  await owner.connect();
  const issue = new IssueApiKey(allBrands, { name: 'test', scopes: ['*'], expiresAt: null }, ['*']);
  const { secret: internalKey } = await service.app.get(CommandBus).execute(issue);
  const url = service.url.replace('localhost', '127.0.0.1');
  return {
    url,
    database,
    owner,
    internalKey,
    app: service.app,
    logged,
    dataDir,
    call: (call) => callOn(url, call),
    settle: (loop) => service.app.get(Background).settle(loop),
    travel: (days) => shiftClock(service.app.get(Database), days),
    stop: async () => {
      await service.stop();
      await owner.end();
      await dropDatabase(database);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function callOn(url: string, { method, path, key, body, headers = {} }: Call): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url + path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...(key && { 'x-api-key': key }), ...headers },
    ...(body !== undefined && { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : undefined, text };
}

const dayInMs = 86_400_000;

/** The clock is the database's; tests add to what it says. */
function shiftClock(db: Database, days: number): void {
  const before = db.timeOf.bind(db);
  db.timeOf = (server) => new Date(before(server).getTime() + days * dayInMs);
}
