import type { Ledger } from '../life/ledger';
import type { Params } from './params';

/** One request of the API, read. */
export interface Call {
  readonly ledger: Ledger;
  /** What the address names, if it names something. */
  readonly id: string;
  readonly params: Params;
}

export type Route = readonly [method: 'GET' | 'POST' | 'DELETE', path: string, answer: (call: Call) => object];
