/** What was remembered, and how long ago it was right, in ms: what depends on the time counts on from there. */
export interface Remembered<T> {
  readonly value: T;
  readonly ageMs: number;
}

/**
 * Answers that were right a moment ago: at most five seconds, on every instance and whatever fails. What belongs together is a group;
 * of a group that has changed nothing is believed that was loaded, or began to be loaded, before the change was told.
 */
export abstract class Cache {
  /**
   * What `load` answered lately, or answers now. Null is not remembered. The value is shared: nobody may change it. It may hold what
   * node:v8 can serialize. Where it gets another shape, the group gets another name: instances of two versions work side by side.
   */
  abstract remember<T>(group: string, key: string, load: () => Promise<T | null>): Promise<Remembered<T> | null>;

  /** Once a change is committed: from now on it is seen here, and in a moment on the instances that can be told. */
  abstract forget(group: string): void;
}
