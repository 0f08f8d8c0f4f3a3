import type { BrandId } from './brand-id';
import { newId } from './id';

/**
 * Something that happened, told so that it can be stored and sent: `data` holds public ids, no secret,
 * and no more of a person than needed.
 */
export abstract class DomainEvent<Data extends object = object> {
  readonly id: string = newId();
  /** Its name on the wire: `thing.happened`. */
  abstract readonly type: string;

  constructor(
    readonly brandId: BrandId,
    readonly occurredAt: Date,
    readonly data: Data,
  ) {}
}
