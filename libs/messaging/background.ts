import { Injectable, Logger } from '@nestjs/common';
import { runAs } from '../persistence/provenance';
import { isUnavailable } from '../persistence/sql-state';

/** Who is woken again and again looks no more often than this: what came meanwhile is done together. */
const gatherMs = 50;

/** Does some of what waits. Answers whether more of it waits already. */
type Work = () => Promise<boolean>;

/** Work that goes on beside the requests: again and again, never twice at once in this process, until the service stops. */
@Injectable()
export class Background {
  private readonly loops: Loop[] = [];
  private running: Promise<void>[] = [];
  private stopping = false;

  /**
   * @param everyMs how often to look when nobody wakes it @param finished waits for what the work began and left going on beside it
   * Answers a handle that wakes it.
   */
  add(name: string, everyMs: number, work: Work, finished: () => Promise<unknown> = () => Promise.resolve()): { wake(): void } {
    const loop = new Loop(name, everyMs, work, finished);
    this.loops.push(loop);
    return loop;
  }

  start(): void {
    if (this.running.length > 0) return;
    this.running = this.loops.map((loop) => loop.run());
  }

  /** Does now, to the end, what waits in the loops of that name, or in all of them: for commands and tests. */
  async settle(name?: string): Promise<void> {
    const wanted = this.loops.filter((loop) => name === undefined || loop.name === name);
    await runAs({ requestId: null, actor: 'latchkey' }, async () => {
      for (const loop of wanted) await loop.settle();
    });
  }

  /** Whether what has several parts should leave those to come to another instance, or to the next start. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** Lets each finish what it is doing. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.loops.forEach((loop) => loop.stop());
    await Promise.all(this.running);
  }
}

class Loop {
  private readonly logger: Logger;
  private woken = false;
  private stopping = false;
  private failures = 0;
  private rouse: () => void = () => undefined;

  constructor(
    readonly name: string,
    private readonly everyMs: number,
    private readonly work: Work,
    private readonly finished: () => Promise<unknown>,
  ) {
    this.logger = new Logger(name);
  }

  wake(): void {
    this.woken = true;
    this.rouse();
  }

  stop(): void {
    this.stopping = true;
    this.rouse();
  }

  async run(): Promise<void> {
    while (!this.stopping) {
      this.woken = false;
      const more = await this.once();
      if (more) continue;
      // A little spread, so that instances that were started together do not come together.
      const calm = this.everyMs * (0.9 + Math.random() * 0.2);
      if (this.woken && this.failures === 0) await this.rest(Math.min(gatherMs, calm), 'to gather');
      else await this.rest(calm);
    }
  }

  async settle(): Promise<void> {
    for (let more = true; more;) {
      more = await this.work();
      await this.finished();
    }
  }

  private async once(): Promise<boolean> {
    try {
      const more = await runAs({ requestId: null, actor: 'latchkey' }, this.work);
      if (this.failures > 0) this.logger.warn('goes on');
      this.failures = 0;
      return more;
    } catch (error) {
      // Said once: while the database is away, every look fails.
      if (++this.failures === 1 && !this.stopping) this.complain(error as Error);
      return false;
    }
  }

  private complain(error: Error): void {
    if (isUnavailable(error)) this.logger.warn(`waits for the database: ${error.message}`);
    else this.logger.error(error.stack ?? error.message);
  }

  /** For so long, or until it is woken; to gather what comes, until it is stopped. */
  private rest(ms: number, why: 'idle' | 'to gather' = 'idle'): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.rouse = () => {
        if (why === 'to gather' && !this.stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
