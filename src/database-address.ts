import { openEmbeddedPostgres, ownEmbeddedPostgres } from '../libs/persistence/embedded-postgres';
import type { Config } from './core/config';

export interface DatabaseAddress {
  /** For the service; its connections work as the runtime role. */
  readonly url: string;
  /** For the owner of the tables. */
  readonly ownerUrl: string;
  readonly embedded: boolean;
  close(): Promise<void>;
}

/** The embedded PostgreSQL cannot be used. The message says why, and what to do. */
export class EmbeddedDatabaseFailed extends Error {}

/** The database that the settings name, or the embedded one. @param as a service owns the embedded server until it closes, a command only borrows it */
export async function openDatabase(config: Config, as: 'service' | 'command'): Promise<DatabaseAddress> {
  const given = config.DATABASE_URL ?? (as === 'command' ? config.MIGRATION_DATABASE_URL : undefined);
  if (given !== undefined) {
    return { url: given, ownerUrl: config.MIGRATION_DATABASE_URL ?? given, embedded: false, close: () => Promise.resolve() };
  }
  const server = await openEmbeddedPostgres(config.LATCHKEY_DATA_DIR).catch((cause: Error) => {
    throw new EmbeddedDatabaseFailed(cause.message, { cause });
  });
  const ownership = as === 'service' ? await ownEmbeddedPostgres(server) : null;
  if (as === 'service' && !ownership) {
    throw new EmbeddedDatabaseFailed(`Another Latchkey is running on ${config.LATCHKEY_DATA_DIR}. Stop it, or set LATCHKEY_DATA_DIR.`);
  }
  const close = async () => {
    if (ownership) return server.stop().then(() => ownership.release());
    // A command that started the server stops it, unless a service has come to rely on it meanwhile.
    const unclaimed = server.started ? await ownEmbeddedPostgres(server) : null;
    if (unclaimed) await server.stop().then(() => unclaimed.release());
  };
  return { url: server.url('postgres', 'latchkey_runtime'), ownerUrl: server.url('postgres'), embedded: true, close };
}
