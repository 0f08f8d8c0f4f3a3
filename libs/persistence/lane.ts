import type { Writable } from 'node:stream';
import type { ClientBase } from 'pg';
import type { BrandId } from '../kernel/brand-id';

/** A statement that PostgreSQL parses and plans once for each connection: the name stands for the text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

const begin: Statement = { name: 'begin', text: 'begin' };
/** Few rows of large tables, always by an index: a plan that was made while a table was small must not be kept when it is not. */
const enter: Statement = {
  name: 'enter',
  text: `select set_config('app.brand_id', $1, true), set_config('lock_timeout', $2, true), now() as now,
                set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`,
};
const commit: Statement = { name: 'commit', text: 'commit' };

/** A connection in pipeline mode: statements are answered in the order in which they were sent, and none waits for the one before. */
export class Lane {
  private readonly sent: Promise<unknown>[] = [];
  private over = false;
  private gathering = false;

  constructor(private readonly client: ClientBase) {}

  /** Whether the transaction is known to have ended, one way or the other. */
  get isClean(): boolean {
    return this.over;
  }

  /** Whoever does not wait for the answer hears of a failure when the transaction ends. */
  ask<Row>(statement: Statement, values: unknown[] = []): Promise<Row[]> {
    this.gather();
    const answer = this.client.query({ ...statement, values }).then(({ rows }) => rows as Row[]);
    this.sent.push(heard(answer));
    return answer;
  }

  /** All that `work` sends, in one transaction of the brand. Nothing is committed unless every statement succeeded. */
  async transaction<T>(
    { brandId, lockMs, timeOf }: { brandId: BrandId; lockMs: number; timeOf: (server: Date) => Date },
    work: (now: Promise<Date>) => T | Promise<T>,
  ): Promise<T> {
    try {
      void this.ask(begin);
      const entered = this.ask<{ now: Date }>(enter, [brandId, `${lockMs}ms`]);
      const result = await work(heard(entered.then(([row]) => timeOf(row!.now))));
      // After a failed statement PostgreSQL takes this for a rollback.
      void this.ask(commit);
      await Promise.all(this.sent);
      this.over = true;
      return result;
    } catch (error) {
      const failure = await this.firstFailure(error);
      await this.client.query('rollback').then(
        () => (this.over = true),
        () => undefined,
      );
      throw failure;
    }
  }

  /** What is asked in one turn leaves in one write, so that the server is woken once. */
  private gather(): void {
    if (this.gathering) return;
    const { stream } = (this.client as unknown as { connection: { stream: Writable } }).connection;
    this.gathering = true;
    stream.cork();
    process.nextTick(() => {
      this.gathering = false;
      stream.uncork();
    });
  }

  /** What failed after the first failure, failed of it. */
  private async firstFailure(thrown: unknown): Promise<unknown> {
    const failed = (await Promise.allSettled(this.sent)).find((one) => one.status === 'rejected');
    return failed ? failed.reason : thrown;
  }
}

/** Its failure is told by another promise: one that nobody hears of would end the process. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
