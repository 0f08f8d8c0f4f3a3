import { AsyncLocalStorage } from 'node:async_hooks';

/** Who caused what is written now, and in which request. Technical, so it travels out of sight. */
export interface Provenance {
  readonly requestId: string | null;
  /** The public id of the credential, `license_key` for a product, `clock` for time itself, or what an operator ran at the console. */
  actor: string | null;
  /** From where the request came. */
  readonly ip?: string | null;
  /** The trace that the request belongs to, as W3C Trace Context writes it. */
  readonly traceparent?: string | null;
}

const current = new AsyncLocalStorage<Provenance>();

export const runAs = <T>(provenance: Provenance, work: () => T): T => current.run(provenance, work);
export const provenance = (): Provenance | undefined => current.getStore();
