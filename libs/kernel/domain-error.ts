export type RefusalKind =
  | 'invalid'
  | 'unprocessable'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'unsupported'
  | 'too_many'
  | 'internal'
  | 'unavailable';

/** A kind of refusal: what programs match on, and what its documentation page says. */
export interface Refusal {
  readonly code: string;
  readonly kind: RefusalKind;
  readonly title: string;
  /** What it means and what to do about it, for a developer who meets it for the first time. */
  readonly help: string;
}

const registry = new Map<string, Refusal>();

/** Declares a kind of refusal, once; the docs pages and the OpenAPI document are made from all that were declared. */
export function refusal(code: string, kind: RefusalKind, title: string, help: string): Refusal {
  if (registry.has(code)) throw new Error(`The code ${code} is declared twice`);
  const declared = Object.freeze({ code, kind, title, help });
  registry.set(code, declared);
  return declared;
}

export const allRefusals = (): Refusal[] => [...registry.values()].sort((a, b) => a.code.localeCompare(b.code));
export const findRefusal = (code: string): Refusal | undefined => registry.get(code);

/** A rule said no. Programs read the code, people read the message; `facts` are what both may be told. */
export abstract class DomainError extends Error {
  constructor(
    readonly refusal: Refusal,
    message: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
