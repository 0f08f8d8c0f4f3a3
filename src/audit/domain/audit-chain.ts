import { createHash } from 'node:crypto';

/** The columns of an audit row that a seal covers, in the order in which they are written down: all of them. */
export const columns = [
  'brand_id',
  'id',
  'position',
  'actor',
  'action',
  'target',
  'outcome',
  'code',
  'before',
  'after',
  'request_id',
  'ip',
  'occurred_at',
] as const;
type Column = (typeof columns)[number];

/** A row of the audit log, each column as the text that PostgreSQL makes of it. */
export type AuditRow = Readonly<Record<Column, string | null>> & { readonly id: string };

/** What stands before the first row. */
export const genesis = Buffer.alloc(32);

const isJson = (column: Column): boolean => column === 'before' || column === 'after';

/**
 * The one way to write a row down: a JSON object with the columns in their order. What is null is left out. JSON stays the text that
 * PostgreSQL keeps of it, whose order of members and digits of numbers are always the same.
 */
export function canonicalOf(row: AuditRow): string {
  const members = columns.flatMap((column) => {
    const value = row[column];
    return value === null ? [] : [`"${column}":${isJson(column) ? value : JSON.stringify(value)}`];
  });
  return `{${members.join(',')}}`;
}

/** Over the hash before it and the row, so that no row can be changed without changing all behind it. */
export const hashOf = (previous: Buffer, row: AuditRow): Buffer => createHash('sha256').update(previous).update(canonicalOf(row)).digest();

/** Where the chain of a brand stands after a row. */
export interface Link {
  readonly sequence: number;
  readonly hash: Buffer;
}

/** Who has the key signed that the chain stands there. */
export interface Signed extends Link {
  readonly signature: Buffer;
  readonly keyVersion: number;
}

/** The seal of one row. */
export interface Seal extends Signed {
  readonly id: string;
}

/** Where the chain ends. */
export interface Head extends Signed {
  readonly signedAt: Date;
}

/** What is signed of a head, in words, and what of each row. They differ, so that no row's can be passed off as a head's. */
export const statementOf = (kind: 'head' | 'row', brand: string, { sequence, hash }: Link): Buffer =>
  Buffer.from(`latchkey audit ${kind} ${brand} ${sequence} ${hash.toString('hex')}`);
