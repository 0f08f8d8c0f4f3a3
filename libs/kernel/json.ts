import { DomainError, refusal } from './domain-error';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Notes of the caller's own: pairs of strings. */
export type Metadata = Record<string, string>;

export const maxPairs = 50;

export class MetadataFull extends DomainError {
  static readonly refusal = refusal(
    'metadata_full',
    'conflict',
    'Metadata full',
    'An object keeps up to 50 pairs of metadata, and a change is merged into those it has. Delete some in the same change, with null.',
  );
  constructor() {
    super(MetadataFull.refusal, `With this change the object would have more than ${maxPairs} pairs of metadata.`);
  }
}

/** What `change` says wins; null deletes a pair. @throws MetadataFull */
export function mergeMetadata(current: Metadata, change: Record<string, string | null>): Metadata {
  const merged = Object.entries({ ...current, ...change }).filter((pair): pair is [string, string] => pair[1] !== null);
  if (merged.length > maxPairs) throw new MetadataFull();
  return Object.fromEntries(merged);
}
