import type { Reach } from './brand-id';

/** All that `work` writes is kept, or none of it is. A run inside a run joins it. It sees the brand it was opened for, or all. */
export abstract class UnitOfWork {
  abstract run<T>(reach: Reach, work: () => Promise<T>): Promise<T>;
}
