import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ServerProgram } from './server-program';

const HOST = '127.0.0.1';
const LOG_LIMIT = 16 * 1024 * 1024;

/** A running server. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

interface PidFile extends Postmaster {
  readonly text: string;
  readonly status: string;
}

/** A connection of the superuser. It has a listener, so that the end of the server is no uncaught error. */
export function superuser(port: number): Client {
  // all is said aloud, for the PG… variables of the environment mean another server
  const client = new Client({
    host: HOST,
    port,
    user: 'postgres',
    database: 'postgres',
    ssl: false,
    application_name: 'latchkey',
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
  });
  client.on('error', () => undefined);
  return client;
}

/** The server that runs on the directory, once it is neither coming nor going; null when there is none. */
export async function findPostmaster(directory: string): Promise<Postmaster | null> {
  const deadline = performance.now() + 30_000;
  for (let doubts = 0; ;) {
    const file = readPidFile(directory);
    if (!file || (file.pid && !isAlive(file.pid))) return null; // what a dead server left, PostgreSQL clears away itself
    const sight = await look(file, directory);
    if (sight === 'serving') return file;
    if (sight === 'stale' && ++doubts > 3) removeStale(directory, file);
    else await sleep(100);
    if (sight === 'changing') doubts = 0;
    if (performance.now() > deadline) {
      throw new Error(
        `PostgreSQL (process ${file.pid}) on ${directory} neither answers nor ends. End that process, or remove postmaster.pid if it is another program.`,
      );
    }
  }
}

async function look({ pid, port, status }: PidFile, directory: string): Promise<'serving' | 'changing' | 'stale'> {
  if (!isPostgres(pid)) return 'stale'; // the number went to another program
  if (status !== 'ready' && status !== 'starting') return 'changing';
  const answer = await askDirectory(port);
  if (answer === directory) return 'serving';
  return answer === 'busy' ? 'changing' : 'stale'; // it says that it listens there, and does not
}

/** PostgreSQL refuses to start while the process of its file lives, whatever it is; another start may have replaced the file meanwhile. */
function removeStale(directory: string, { text }: PidFile): void {
  if (readPidFile(directory)?.text === text) unlinkSync(join(directory, 'postmaster.pid'));
}

async function askDirectory(port: number): Promise<string> {
  const client = superuser(port);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    const directory = rows[0]?.data_directory ?? '';
    return existsSync(directory) ? realpathSync(directory) : directory;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refused' : 'busy';
  } finally {
    await client.end().catch(() => undefined);
  }
}

function readPidFile(directory: string): PidFile | null {
  try {
    const text = readFileSync(join(directory, 'postmaster.pid'), 'utf8');
    const lines = text.split('\n');
    return { text, pid: Number.parseInt(lines[0] ?? '') || 0, port: Number(lines[3]), status: lines[7]?.trim() ?? '' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process can be a PostgreSQL server: numbers are used again, in containers at once, and a zombie still has one. */
function isPostgres(pid: number): boolean {
  if (pid <= 0 || !isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^Name:\s+postgres$/m.test(status) && !/^State:\s+Z/m.test(status);
  } catch {
    return false;
  }
}

/** Starts the server on a cluster; its last words when it ends before it is ready. */
export async function startPostmaster(
  program: ServerProgram,
  directory: string,
  port: number,
  settings: Record<string, string | number>,
): Promise<Postmaster | string> {
  const log = openLog(directory);
  const flags = Object.entries({ listen_addresses: HOST, unix_socket_directories: '', port, ...settings });
  const child = program.start(
    'postgres',
    ['-D', directory, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    ['ignore', log.file, log.file],
  );
  closeSync(log.file);
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  while (child.exitCode === null && child.signalCode === null && !failure) {
    const file = readPidFile(directory);
    if (file && file.pid === child.pid && file.status === 'ready') return file;
    await sleep(10);
  }
  const said = readFileSync(log.path).subarray(log.from).toString().trim();
  return failure?.message ?? said.split('\n').slice(-15).join('\n');
}

/** The server writes to a file, for a pipe would break with the service. The directory is the server's, so no link is followed in it. */
function openLog(directory: string) {
  const path = join(directory, 'server.log');
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT) renameSync(path, `${path}.1`);
  const file = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  return { file, path, from: fstatSync(file).size };
}

/** Ends the sessions and the server; one that hangs is told to drop everything and to recover at its next start. */
export async function stopPostmaster({ pid }: Postmaster): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      if (isPostgres(pid)) process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPERM') throw new Error(`PostgreSQL (process ${pid}) belongs to another user.`);
    }
    for (const until = performance.now() + 10_000; performance.now() < until; await sleep(10)) {
      if (!isPostgres(pid)) return;
    }
  }
  throw new Error(`PostgreSQL (process ${pid}) does not end.`);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, HOST, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
