export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Notes of the caller's own: pairs of strings. */
export type Metadata = Record<string, string>;

/** What `change` says wins; null deletes a pair. */
export function mergeMetadata(current: Metadata, change: Record<string, string | null>): Metadata {
  const merged = Object.entries({ ...current, ...change }).filter((pair): pair is [string, string] => pair[1] !== null);
  return Object.fromEntries(merged);
}
