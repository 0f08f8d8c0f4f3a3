import { Command, Query } from '@nestjs/cqrs';
import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';

/** An event that its subscribers could not take. */
export interface SetAsideEvent {
  readonly brandId: BrandId;
  readonly eventId: string;
  readonly type: string;
  readonly outlet: string;
  readonly error: string;
  readonly attempts: number;
  readonly setAsideAt: Date;
}

/** What waits for an operator, oldest first, up to 100. */
export class ListSetAsideEvents extends Query<SetAsideEvent[]> {
  constructor(readonly reach: AllBrands) {
    super();
  }
}

export interface Retried {
  readonly eventId: string;
  /** null: it was taken this time. */
  readonly error: string | null;
}

/** Gives events that were set aside to their subscribers once more. */
export class RetryEvents extends Command<Retried[]> {
  constructor(
    readonly reach: AllBrands,
    /** null: all that wait. */
    readonly eventIds: readonly string[] | null,
  ) {
    super();
  }
}
