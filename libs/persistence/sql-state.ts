/** The five characters in which PostgreSQL names a failure, whichever layer wrapped it; the driver's own code for a lost connection. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('driverError' in error && error.driverError !== error) return sqlState(error.driverError);
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** PostgreSQL ended the connection in the middle of the work. */
export class ConnectionLost extends Error {
  /** Connection failure, as PostgreSQL would say. */
  readonly code = '08006';

  constructor(cause: unknown) {
    super('The connection to the database was lost', { cause });
  }
}

/** The unique constraint that a write ran into; null for any other failure. */
export function violatedUnique(error: unknown): string | null {
  if (sqlState(error) !== '23505') return null;
  const cause = (error as { driverError?: unknown }).driverError ?? error;
  return (cause as { constraint?: string }).constraint ?? '';
}

const connectionLost =
  /^(08...|57P0[1-5]|53300|53100|57014|25P03|25P04|40001|40P01|55P03|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
const driverWords =
  /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/i;

/** The connection is gone, or the server is; what was asked may be asked again once that is back. */
export function isConnectionLost(error: unknown): boolean {
  if (/^(08...|57P0[1-5]|25P03|25P04|E[A-Z_]+)$/.test(sqlState(error) ?? '')) return true;
  return error instanceof Error && driverWords.test(error.message);
}

/** 40001 serialization failure, 40P01 deadlock, 55P03 lock not available: somebody else was at it, and another try may succeed. */
export const isContended = (error: unknown): boolean => ['40001', '40P01', '55P03'].includes(sqlState(error) ?? '');

/** The server has not answered in time: it may be frozen, and still busy with the question. */
export const isUnanswered = (error: unknown): boolean => error instanceof Error && /Query read timeout/.test(error.message);

/** The database cannot serve just now; the same request may succeed in a moment. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null && connectionLost.test(state)) return true;
  return error instanceof Error && driverWords.test(error.message);
}
