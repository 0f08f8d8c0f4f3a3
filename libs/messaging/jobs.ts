import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../persistence/database';
import { Background } from './background';

/** For how long things are remembered, given by whoever starts the service. */
export abstract class Retention {
  abstract readonly idempotencyHours: number;
  abstract readonly eventsDays: number;
  abstract readonly deliveriesDays: number;
  /** What receivers of webhooks answered. */
  abstract readonly answersDays: number;
}

export interface Job {
  readonly name: string;
  readonly everySeconds: number;
  /** Does a part of it in a unit of work of its own, such that doing it again does no harm. Answers whether more is left. */
  readonly work: () => Promise<boolean>;
}

export interface JobRun {
  readonly name: string;
  readonly error: string | null;
}

/** For how long whoever took a job is taken to be alive; with each part of the work it begins anew. */
const leaseSeconds = 60;

/** Work that is due at times which the database remembers: one instance does it, and another one if that dies. */
@Injectable()
export class Jobs {
  private readonly logger = new Logger(Jobs.name);
  private readonly jobs: Job[] = [];

  constructor(
    private readonly db: Database,
    private readonly background: Background,
  ) {
    background.add('jobs', 20_000, async () => (await this.runDue(), false));
  }

  add(job: Job): void {
    this.jobs.push(job);
  }

  /** Does every job that is due and that nobody else is doing. Answers which these were, and why one of them failed. */
  async runDue(): Promise<JobRun[]> {
    const runs: JobRun[] = [];
    for (const job of this.jobs) {
      await this.db.beforeBrand('insert into jobs (name, next_run_at) values ($1, now()) on conflict do nothing', [job.name]);
      if (await this.claim(job)) runs.push({ name: job.name, error: await this.run(job) });
    }
    return runs;
  }

  private async run({ name, everySeconds, work }: Job): Promise<string | null> {
    try {
      while (await work()) {
        // The rest is somebody else's.
        if (this.background.isStopping) {
          await this.put(name, 0, null);
          return null;
        }
        await this.put(name, leaseSeconds, null);
      }
      await this.put(name, everySeconds, null);
      return null;
    } catch (error) {
      this.logger.error(`${name}: ${(error as Error).stack ?? String(error)}`);
      await this.put(name, leaseSeconds, (error as Error).message);
      return (error as Error).message;
    }
  }

  private async claim({ name }: Job): Promise<boolean> {
    const [claimed] = await this.db.beforeBrand<{ name: string }>(
      `with due as (select name from jobs where name = $1 and next_run_at <= now() for update skip locked), claim as (
         update jobs set next_run_at = now() + make_interval(secs => $2), last_run_at = now() from due where jobs.name = due.name)
       select name from due`,
      [name, leaseSeconds],
    );
    return claimed !== undefined;
  }

  private async put(name: string, seconds: number, error: string | null): Promise<void> {
    const sql = 'update jobs set next_run_at = now() + make_interval(secs => $2), last_error = $3 where name = $1';
    await this.db.beforeBrand(sql, [name, seconds, error]);
  }
}
