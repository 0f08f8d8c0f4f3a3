import { ownerDataSource, runtimeRole } from './data-source';

/** Brings the database up to date, one at a time however many start at once. Answers the names of the migrations that ran. */
export async function migrate(url: string, runtimePassword?: string): Promise<string[]> {
  const source = await ownerDataSource(url).initialize();
  try {
    // Held by the one connection until it closes. The number is arbitrary and ours.
    await source.query('select pg_advisory_lock(7221955)');
    const done = await source.runMigrations();
    if (runtimePassword) await source.query(await passwordStatement(source, runtimePassword));
    return done.map(({ name }) => name);
  } finally {
    await source.destroy();
  }
}

/** ALTER ROLE takes no parameters, so the server quotes the password itself. */
async function passwordStatement(
  source: { query: <T>(sql: string, parameters: unknown[]) => Promise<T> },
  password: string,
): Promise<string> {
  const [row] = await source.query<[{ sql: string }]>(`select format('alter role ${runtimeRole} password %L', $1::text) as sql`, [
    password,
  ]);
  return row.sql;
}
