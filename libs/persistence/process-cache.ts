import { Cache, type Remembered } from './cache';

interface Entry {
  readonly group: string;
  readonly value: unknown;
  /** When whoever loaded it began to, here or elsewhere. */
  readonly rightAt: number;
  /** When this process began to ask for it. */
  readonly askedAt: number;
}

/** In the memory of this process. All times are of its monotonic clock. */
export class ProcessCache implements Cache {
  private readonly entries = new Map<string, Entry>();
  /** When each group was last forgotten, the latest at the end. */
  private readonly forgotten = new Map<string, number>();
  private allForgotten = -Infinity;

  /** @param boundMs how old an answer may be: a second less than is promised, for what is under way. @param most how many are kept */
  constructor(
    readonly boundMs = 4_000,
    private readonly most = 10_000,
  ) {}

  remember<T>(group: string, key: string, load: () => Promise<T | null>): Promise<Remembered<T> | null> {
    return this.recall(group, key, async () => {
      const value = await load();
      return value === null ? null : { value, ageMs: 0 };
    });
  }

  /** As `remember`, where what is loaded may have an age already. */
  async recall<T>(group: string, key: string, load: () => Promise<Remembered<T> | null>): Promise<Remembered<T> | null> {
    const name = `${group} ${key}`;
    const kept = this.entries.get(name);
    if (kept && this.isRight(kept)) return { value: kept.value as T, ageMs: this.now() - kept.rightAt };
    const askedAt = this.now();
    const loaded = await load();
    if (loaded) this.keep(name, { group, value: loaded.value, rightAt: askedAt - loaded.ageMs, askedAt });
    return loaded;
  }

  forget(group: string): void {
    this.forgotten.delete(group);
    this.forgotten.set(group, this.now());
    for (const [oldest, at] of this.forgotten) {
      if (this.now() - at <= this.boundMs) break;
      this.forgotten.delete(oldest);
    }
  }

  forgetAll(): void {
    this.allForgotten = this.now();
    this.entries.clear();
  }

  /** Whether there may be answers elsewhere that are young enough and yet from before the change. */
  wasForgottenLately(group: string): boolean {
    return this.now() - (this.forgotten.get(group) ?? -Infinity) <= this.boundMs;
  }

  now(): number {
    return performance.now();
  }

  /** Whoever asked before a change may have got what was before it, however late it came. */
  private isRight({ group, rightAt, askedAt }: Entry): boolean {
    if (this.now() - rightAt >= this.boundMs) return false;
    return askedAt > this.allForgotten && askedAt > (this.forgotten.get(group) ?? -Infinity);
  }

  private keep(name: string, entry: Entry): void {
    this.entries.delete(name);
    this.entries.set(name, entry);
    if (this.entries.size <= this.most) return;
    const [oldest] = this.entries.keys();
    this.entries.delete(oldest!);
  }
}
