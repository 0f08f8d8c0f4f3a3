/** A server secret under which license keys are hashed. A stolen database without it opens no license. */
export interface Pepper {
  readonly version: number;
  readonly secret: string;
}

/** The peppers that are in use, given by whoever starts the service. */
export abstract class Peppers {
  abstract readonly all: readonly Pepper[];
}
