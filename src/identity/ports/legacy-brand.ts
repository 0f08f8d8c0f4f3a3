/** The one brand that clients of the older API belong to, by id or slug; null: there is none. Given by whoever starts the service. */
export abstract class LegacyBrand {
  abstract readonly slug: string | null;
}
