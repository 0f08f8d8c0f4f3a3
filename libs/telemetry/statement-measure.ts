import type { Reach } from '../kernel/brand-id';
import type { Database } from '../persistence/database';
import type { Measure } from './measures';

/** A statement that answers one row `value`, or one row `label, value` for each value of the label. */
export interface Statement extends Pick<Measure, 'name' | 'help' | 'label'> {
  readonly sql: string;
  readonly parameters?: unknown[];
}

/** Counting ends there: that it is so many says enough, and a scrape must not read millions of rows. */
export const countedAtMost = 10_000;

interface Row {
  readonly label?: string;
  readonly value: number | null;
}

/** A measure that the database knows. The statement is given up after half a second, however long the queue behind it is. */
export function asStatement(db: Database, reach: Reach, { sql, parameters = [], ...measure }: Statement): Measure {
  const rows = () =>
    db.run(reach, async () => {
      await db.manager.query('set local statement_timeout = 500');
      return db.manager.query<Row[]>(sql, parameters);
    });
  const read = async () => {
    const answer = await rows();
    if (measure.label === undefined) return answer[0]?.value ?? null;
    return Object.fromEntries(answer.map(({ label, value }) => [label!, value ?? 0]));
  };
  return { ...measure, of: 'database', read };
}
