/** The time of the unit of work: the database's, so that all instances agree. Has no meaning outside a run. */
export abstract class Clock {
  abstract now(): Date;
}

export const daysAfter = (start: Date, days: number): Date => new Date(start.getTime() + days * 86_400_000);
export const secondsAfter = (start: Date, seconds: number): Date => new Date(start.getTime() + seconds * 1000);
