import type { Head } from './audit-chain';

/**
 * What was done to a log: a row was `changed`; it is `deleted`; it was `moved` to another place; it was `forged`, put in or sealed anew
 * without the key; the end is `truncated`; the signed `head` is missing, altered or put back.
 */
export type Tampering = 'changed' | 'deleted' | 'moved' | 'forged' | 'truncated' | 'head';

/** The first thing that is wrong with a log. */
export interface Finding {
  readonly tampering: Tampering;
  /** The place in the chain; null where the row has none. */
  readonly sequence: number | null;
  /** The row, where it is known. */
  readonly id: string | null;
  readonly detail: string;
}

/** What became of checking the log of one brand. */
export interface BrandReport {
  /** Its public id. */
  readonly brand: string;
  readonly rows: number;
  readonly head: Head | null;
  readonly finding: Finding | null;
  /** Rows without a seal yet. That is no fault, unless they stay so. */
  readonly waiting: Waiting;
}

export interface Waiting {
  readonly count: number;
  /** Some do for more than a minute. */
  readonly isLate: boolean;
}

/** A head that somebody kept elsewhere: whatever is true of the log now, this was true then. */
export interface KeptHead {
  readonly brand: string;
  readonly sequence: number;
  readonly hash: Buffer;
  readonly signature: Buffer;
  readonly keyVersion: number;
}

/** Sealing goes on from no head but the last one signed: otherwise it would sign what was forged. */
export class HeadForged extends Error {
  constructor(brand: string) {
    super(`The signed head of the audit log of ${brand} was altered, so nothing more is sealed there. Run: latchkey audit verify`);
  }
}
