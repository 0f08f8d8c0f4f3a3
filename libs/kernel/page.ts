/** Where a list is cut: how many, and the id after which to begin. */
export interface Cut {
  readonly limit: number;
  readonly after: string | null;
}

/** A piece of a list, newest first. `next` is where the following piece begins; null at the end. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** Makes a page of the rows that a question for one more than `limit` brought. */
export function pageOf<Item extends { readonly id: string }>(rows: readonly Item[], { limit }: Cut): Page<Item> {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
