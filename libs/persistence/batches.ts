/** What became of a call: throws or rejects where it was refused. */
export type Outcome<Answer> = () => Answer | Promise<Answer>;

/** Whoever has waited so long behind a batch that then failed would meet the same, and does not wait again. */
const patienceMs = 1_000;

interface Waiting<Call, Answer> {
  readonly call: Call;
  /** In milliseconds of performance.now. */
  readonly since: number;
  readonly settle: (outcome: Outcome<Answer>) => void;
}

interface Queue<Call, Answer> {
  readonly waiting: Waiting<Call, Answer>[];
  lanes: number;
}

export interface BatchOptions {
  /** Told of every batch that is sent. */
  readonly sized?: (size: number) => void;
  /** Batches under way at once, of a group and of all groups together. */
  readonly lanes?: number;
  readonly allLanes?: number;
  readonly most?: number;
}

/**
 * Lets calls of one group, such as a brand, that come at the same time share what they cost. A call waits for nobody while a lane is free;
 * those that come meanwhile go together. Groups take turns, so that one of them in a hurry leaves the others their place.
 */
export class Batches<Group extends string, Call, Answer> {
  private readonly queues = new Map<Group, Queue<Call, Answer>>();
  private lanes = 0;
  private scheduled = false;
  private readonly options: Required<BatchOptions>;

  /** @param send answers every call, in their order; should it fail, all of them fail of it */
  constructor(
    private readonly send: (group: Group, calls: Call[]) => Promise<Outcome<Answer>[]>,
    options: BatchOptions = {},
  ) {
    this.options = { sized: () => undefined, lanes: 2, allLanes: 4, most: 256, ...options };
  }

  add(group: Group, call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome<Answer>): void => {
        try {
          resolve(outcome());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const waiting = { call, settle, since: performance.now() };
      const queue = this.queues.get(group);
      if (queue) queue.waiting.push(waiting);
      else this.queues.set(group, { waiting: [waiting], lanes: 0 });
      this.schedule();
    });
  }

  /** Whether calls of that group wait or are under way. */
  has(group: Group): boolean {
    return this.queues.has(group);
  }

  /** At the end of this turn of the event loop, when all that came in it are here. */
  private schedule(): void {
    if (this.scheduled || this.lanes >= this.options.allLanes) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.pump();
    });
  }

  private pump(): void {
    for (const [group, queue] of this.queues) {
      if (this.lanes >= this.options.allLanes) return;
      if (queue.waiting.length === 0 || queue.lanes >= this.options.lanes) continue;
      // Behind the others from now on.
      this.queues.delete(group);
      this.queues.set(group, queue);
      void this.run(group, queue);
    }
  }

  private async run(group: Group, queue: Queue<Call, Answer>): Promise<void> {
    const batch = queue.waiting.splice(0, this.options.most);
    this.options.sized(batch.length);
    this.lanes++;
    queue.lanes++;
    try {
      const outcomes = await this.send(
        group,
        batch.map(({ call }) => call),
      );
      batch.forEach(({ settle }, index) => settle(outcomes[index]!));
    } catch (error) {
      const failed: Outcome<Answer> = () => {
        throw error;
      };
      [...batch, ...this.impatient()].forEach(({ settle }) => settle(failed));
    } finally {
      this.lanes--;
      queue.lanes--;
      if (queue.lanes === 0 && queue.waiting.length === 0) this.queues.delete(group);
      this.schedule();
    }
  }

  /** Takes from all queues those who have waited too long. */
  private impatient(): Waiting<Call, Answer>[] {
    const since = performance.now() - patienceMs;
    return [...this.queues.values()].flatMap(({ waiting }) => {
      const patient = waiting.findIndex((one) => one.since > since);
      return waiting.splice(0, patient < 0 ? waiting.length : patient);
    });
  }
}
