import { DomainError } from '../libs/kernel/domain-error';
import { isUnavailable, sqlState } from '../libs/persistence/sql-state';
import { NoKeptHeads } from './audit';
import { CannotWrite } from './audit-commands';
import { ConfigError } from './core/config';
import { EmbeddedDatabaseFailed } from './database-address';
import { UnsafeStart } from './safe-start';

/** What to do when the database lets us in, but not further: by its code. */
const refusedByDatabase: Record<string, string> = {
  '28000': 'Check DATABASE_URL.',
  '28P01': 'Check DATABASE_URL.',
  '3D000': 'Check DATABASE_URL.',
  '42501': 'Check as whom DATABASE_URL (for migrate: MIGRATION_DATABASE_URL) logs in.',
};

/** What whoever runs Latchkey can mend, in words that help; null for anything else, which its stack tells better. */
export function explain(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const readable = [ConfigError, UnsafeStart, EmbeddedDatabaseFailed, NoKeptHeads, CannotWrite, DomainError].some(
    (kind) => error instanceof kind,
  );
  if (readable) return error.message;

  const { code, syscall } = error as NodeJS.ErrnoException;
  const what = error.message || code;
  if (code === 'EADDRINUSE') return `The port is taken: ${what}. Set PORT to another.`;
  if (syscall === 'listen') return `Cannot listen there: ${what}. Check HOST and PORT.`;
  if (code === 'ENOTFOUND') return `The host is unknown: ${what}. Check DATABASE_URL and HOST.`;
  if (isUnavailable(error)) return `The database does not answer: ${what}. Check DATABASE_URL.`;
  const state = sqlState(error);
  if (state === '22023' || /role "latchkey_runtime" does not exist/.test(error.message)) {
    return 'The database is not migrated: the role latchkey_runtime is missing. Run: npm run latchkey -- migrate';
  }
  const advice = refusedByDatabase[state ?? ''];
  return advice === undefined ? null : `The database refuses: ${what}. ${advice}`;
}
