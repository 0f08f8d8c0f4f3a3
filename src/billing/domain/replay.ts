import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { ProviderEventReplayed } from './events';

interface ReplayState {
  readonly brandId: BrandId;
  /** The provider's. */
  readonly id: string;
  readonly type: string;
}

/** Somebody has an event of the provider processed once more. */
export class Replay extends Aggregate<ReplayState> {
  static of({ brandId, id, type }: ReplayState, at: Date): Replay {
    const replay = new Replay({ brandId, id, type });
    replay.record(new ProviderEventReplayed(brandId, at, { id, type }));
    return replay;
  }
}
