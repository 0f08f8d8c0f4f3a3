import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import type { ClientBase } from 'pg';
import { type BrandId, isAllBrands, type Reach } from '../kernel/brand-id';
import { Clock } from '../kernel/clock';
import { UnitOfWork } from '../kernel/unit-of-work';
import { Lane } from './lane';
import { ConnectionLost, isContended, isUnanswered } from './sql-state';

interface OpenWork {
  readonly reach: Reach;
  readonly manager: EntityManager;
  readonly now: Date;
  readonly afterCommit: (() => void)[];
}

/** The unit of work over PostgreSQL. It sets the brand that row-level security lets through, and takes the time from the server. */
@Injectable()
export class Database implements UnitOfWork, Clock {
  private readonly open = new AsyncLocalStorage<OpenWork>();

  constructor(private readonly source: DataSource) {}

  async run<T>(reach: Reach, work: () => Promise<T>): Promise<T> {
    const outer = this.open.getStore();
    if (outer) {
      if (outer.reach !== reach) throw new Error('A unit of work may not change its brand');
      return work();
    }
    try {
      return await this.attempt(reach, work);
    } catch (error) {
      if (!isContended(error)) throw error;
      // A moment later, so that whoever won the first time is through and not met again.
      await sleep(20 + Math.random() * 30);
      return this.attempt(reach, work);
    }
  }

  /** One reading statement, inside the open unit of work or in one of its own. */
  read<Row>(reach: Reach, sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.run(reach, () => this.manager.query<Row[]>(sql, parameters));
  }

  /** For the few narrow functions of the database that may be asked before a brand is known. */
  async beforeBrand<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const runner = this.source.createQueryRunner();
    try {
      return (await runner.query(sql, parameters)) as Row[];
    } catch (error) {
      if (isUnanswered(error)) await discard(runner, error);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** A part of the open unit of work that may fail alone: then what it wrote is undone, and what was written before it is not. */
  async part<T>(work: () => Promise<T>): Promise<T> {
    const { manager, afterCommit } = this.current;
    const told = afterCommit.length;
    await manager.query('savepoint part');
    try {
      const result = await work();
      await manager.query('release savepoint part');
      return result;
    } catch (error) {
      afterCommit.splice(told);
      await manager.query('rollback to savepoint part; release savepoint part');
      throw error;
    }
  }

  /** Reads, writes and locks happen inside a unit of work or not at all: outside, row-level security shows nothing. */
  get manager(): EntityManager {
    return this.current.manager;
  }

  now(): Date {
    return this.current.now;
  }

  /** Whether somebody has opened a unit of work that a run here would join. */
  get isOpen(): boolean {
    return this.open.getStore() !== undefined;
  }

  /**
   * A transaction of many calls of one brand, whose statements leave without waiting for each other's answers: as few round trips as
   * `work` has questions that need an earlier answer. What it writes leaves with the commit. It waits for locks only so long.
   */
  async share<T>(brandId: BrandId, lockMs: number, work: (lane: Lane, now: Promise<Date>) => T | Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      const lane = new Lane((await runner.connect()) as ClientBase);
      try {
        return await lane.transaction({ brandId, lockMs, timeOf: (server) => this.timeOf(server) }, (now) => work(lane, now));
      } catch (error) {
        if (!lane.isClean || isUnanswered(error)) await discard(runner, error);
        throw error;
      }
    } finally {
      await runner.release();
    }
  }

  /** What the rules take for the time when the server says it; tests let it pass faster. */
  timeOf(server: Date): Date {
    return server;
  }

  /** Called once the open unit of work has been committed; never when it was rolled back. */
  afterCommit(callback: () => void): void {
    this.current.afterCommit.push(callback);
  }

  private get current(): OpenWork {
    const open = this.open.getStore();
    if (!open) throw new Error('Outside a unit of work');
    return open;
  }

  private async attempt<T>(reach: Reach, work: () => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    const afterCommit: (() => void)[] = [];
    try {
      await runner.startTransaction();
      const result = await this.open.run({ reach, manager: runner.manager, now: await this.enter(runner, reach), afterCommit }, work);
      await runner.commitTransaction();
      afterCommit.forEach(undisturbed);
      return result;
    } catch (error) {
      if (isUnanswered(error)) await discard(runner, error);
      // TypeORM lets go of a connection that PostgreSQL has ended; whatever failed since then, failed of that.
      if (runner.isReleased) throw new ConnectionLost(error);
      // A connection that is gone cannot roll back; the server already did.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Tells row-level security how far this transaction may see. */
  private async enter(runner: QueryRunner, reach: Reach): Promise<Date> {
    const setting = isAllBrands(reach) ? `set_config('app.all_brands', 'on', true)` : `set_config('app.brand_id', $1, true)`;
    const [row] = (await runner.query(`select ${setting}, now() as now`, isAllBrands(reach) ? [] : [reach])) as [{ now: Date }];
    return this.timeOf(row.now);
  }
}

/** Nobody else gets a connection on which the server may still be busy. TypeORM does the same for one that has failed, but shows it to nobody. */
const discard = (runner: QueryRunner, error: unknown): Promise<void> =>
  (runner as unknown as { releasePostgresConnection(error: unknown): Promise<void> }).releasePostgresConnection(error);

const logger = new Logger(Database.name);

/** What was committed stays done, whatever those who are told of it make of it. */
function undisturbed(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    logger.error(error);
  }
}
