import type { AllBrands } from '../kernel/brand-id';
import { CannotOpen, type Vault, versionOf } from '../vault/vault';
import type { Database } from './database';

type Row = Readonly<Record<string, unknown>>;

/** The columns of a table that hold what the vault has sealed. */
export interface SealedColumns {
  readonly table: string;
  /** Its primary key. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** What the vault was told that the column of the row belongs to. */
  readonly contextOf: (row: Row, column: string) => string;
}

/** How many rows were sealed anew, and how many hold something that does not open. */
export interface Resealed {
  readonly resealed: number;
  readonly unreadable: number;
}

/**
 * Seals under the newest key whatever stands under another, a batch a unit of work: what is done stays done, and nobody waits for long.
 * What does not open is left as it is.
 */
export async function reseal(db: Database, vault: Vault, reach: AllBrands, sealed: SealedColumns, limit = 100): Promise<Resealed> {
  const all: Outcome[] = [];
  for (let after: Row | null = null; ;) {
    const batch: Outcome[] = await db.run(reach, () => resealSome(db, vault, sealed, after, limit));
    all.push(...batch);
    after = batch.at(-1)?.row ?? null;
    if (batch.length < limit) break;
  }
  return { resealed: all.filter(({ isFresh }) => isFresh).length, unreadable: all.filter(({ isUnreadable }) => isUnreadable).length };
}

interface Outcome {
  /** Its primary key. */
  readonly row: Row;
  readonly isFresh: boolean;
  readonly isUnreadable: boolean;
}

async function resealSome(db: Database, vault: Vault, sealed: SealedColumns, after: Row | null, limit: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const row of await heldRows(db, vault, sealed, after, limit)) {
    const { cells, isUnreadable } = freshOf(vault, sealed, row);
    const isFresh = Object.keys(cells).length > 0;
    if (isFresh) await write(db, sealed, row, cells);
    outcomes.push({ row: Object.fromEntries(sealed.key.map((name) => [name, row[name]])), isFresh, isUnreadable });
  }
  return outcomes;
}

function heldRows(db: Database, vault: Vault, { table, key, columns }: SealedColumns, after: Row | null, limit: number): Promise<Row[]> {
  const old = columns.map((column) => `get_byte(${column}, 0) * 256 + get_byte(${column}, 1) <> $1`).join(' or ');
  const [names, places] = [key.join(', '), key.map((_, index) => `$${index + 3}`).join(', ')];
  return db.manager.query<Row[]>(
    `select ${names}, ${columns.join(', ')} from ${table} where (${old})${after ? ` and (${names}) > (${places})` : ''}
      order by ${names} limit $2 for no key update`,
    [vault.version, limit, ...(after ? key.map((name) => after[name]) : [])],
  );
}

function freshOf(vault: Vault, { columns, contextOf }: SealedColumns, row: Row): { cells: Record<string, Buffer>; isUnreadable: boolean } {
  const cells: Record<string, Buffer> = {};
  let isUnreadable = false;
  for (const column of columns) {
    const sealed = row[column] as Buffer | null;
    if (sealed === null || versionOf(sealed) === vault.version) continue;
    try {
      const context = contextOf(row, column);
      cells[column] = vault.seal(vault.open(sealed, context), context);
    } catch (error) {
      if (!(error instanceof CannotOpen)) throw error;
      isUnreadable = true;
    }
  }
  return { cells, isUnreadable };
}

async function write(db: Database, { table, key }: SealedColumns, row: Row, cells: Record<string, Buffer>): Promise<void> {
  const names = Object.keys(cells);
  const set = names.map((name, index) => `${name} = $${index + 1}`).join(', ');
  const where = key.map((name, index) => `${name} = $${names.length + index + 1}`).join(' and ');
  await db.manager.query(`update ${table} set ${set} where ${where}`, [
    ...names.map((name) => cells[name]),
    ...key.map((name) => row[name]),
  ]);
}
