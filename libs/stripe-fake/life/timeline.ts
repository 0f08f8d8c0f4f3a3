/** Seconds since 1970, as every time on the wire. */
export type Seconds = number;

export const second = 1;
export const hour = 3600;
export const day = 24 * hour;

/** The time of the fake: it stands still, or runs along with the real one; it can be moved forward, never back. */
export class Timeline {
  private readonly standing: boolean;
  private latest: Seconds;
  private ahead = 0;

  constructor(
    start: Date | null,
    private readonly real: () => number = Date.now,
  ) {
    this.standing = start !== null;
    this.latest = Math.floor((start?.getTime() ?? real()) / 1000);
  }

  now(): Seconds {
    if (this.standing) return this.latest;
    return (this.latest = Math.max(this.latest, Math.floor(this.real() / 1000) + this.ahead));
  }

  /** The next second, so that what happens now is later than all that happened before. */
  tick(): Seconds {
    return this.moveTo(this.now() + second);
  }

  moveTo(at: Seconds): Seconds {
    const now = this.now();
    if (at <= now) return now;
    this.ahead = at - Math.floor(this.real() / 1000);
    return (this.latest = at);
  }
}
