import { setTimeout as sleep } from 'node:timers/promises';
import { claimDirectory, ensureCluster } from './embedded/cluster';
import { findPostmaster, freePort, startPostmaster, stopPostmaster, superuser, type Postmaster } from './embedded/postmaster';
import { findProgram, giveTo } from './embedded/server-program';

export interface EmbeddedPostgres {
  readonly port: number;
  /** The address of a database, by default as the superuser. */
  url(database: string, user?: string): string;
  /** true when this call started the server, false when it found one running on the directory */
  readonly started: boolean;
  /** Resolves once the server is down; may be called again. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** default: a free one */
  readonly port?: number;
  /** false: nothing is flushed to disk, for tests */
  readonly durable?: boolean;
  readonly maxConnections?: number;
}

/** What passes by itself: another process starts the same server, or the sessions of a killed one are about to end. */
const PASSING = /lock file "postmaster\.pid"|pre-existing shared memory block/;
const PORT_TAKEN = /could not bind .*: Address already in use/;

/** Starts the PostgreSQL that ships with Latchkey on `directory`, or attaches to the one already running there. */
export async function openEmbeddedPostgres(directory: string, options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const { durable = true, maxConnections = 120 } = options;
  const home = await claimDirectory(directory);
  const settings = {
    max_connections: maxConnections,
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  for (const deadline = performance.now() + 30_000; ; await sleep(50)) {
    const running = await findPostmaster(home);
    if (running) return handle(running, false);

    await ensureCluster(home, durable);
    const program = await findProgram(home);
    await giveTo(program.user, home);
    const outcome = await startPostmaster(program, home, options.port ?? (await freePort()), settings);
    if (typeof outcome !== 'string') return handle(outcome, true);

    const passes = PASSING.test(outcome) || (PORT_TAKEN.test(outcome) && options.port === undefined);
    if (!passes || performance.now() > deadline) throw new Error(`PostgreSQL did not start on ${home}:\n${outcome}`);
  }
}

function handle(server: Postmaster, started: boolean): EmbeddedPostgres {
  let stopping: Promise<void> | undefined;
  return {
    port: server.port,
    started,
    url: (database, user = 'postgres') => `postgres://${encodeURIComponent(user)}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`,
    stop: () => (stopping ??= stopPostmaster(server)),
  };
}

/**
 * Claims the server for this process, and ends with it: so a second service is told apart from an orphan, the server of a service that
 * was killed, which the next start attaches to, owns and stops. Null when another live process has it.
 */
export async function ownEmbeddedPostgres(pg: EmbeddedPostgres): Promise<{ release(): Promise<void> } | null> {
  const client = superuser(pg.port);
  const release = () => client.end().catch(() => undefined);
  try {
    await client.connect();
    // waits a little: the session of a killed owner takes a moment to end
    await client.query("SET lock_timeout = '300ms'");
    await client.query("SELECT pg_advisory_lock(hashtext('latchkey: owner of the embedded server'))");
    return { release };
  } catch (error) {
    await release();
    if ((error as { code?: string }).code === '55P03') return null;
    throw error;
  }
}
