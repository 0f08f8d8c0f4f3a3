/** How many days before the end of a license its brand is told, largest first. Given by whoever starts the service. */
export abstract class ExpiryNotices {
  abstract readonly daysBefore: readonly number[];
}
