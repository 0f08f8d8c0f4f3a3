import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { isAllBrands, type Reach } from '../kernel/brand-id';
import { Clock } from '../kernel/clock';
import { UnitOfWork } from '../kernel/unit-of-work';
import { ConnectionLost, isUnanswered, sqlState } from './sql-state';

interface OpenWork {
  readonly reach: Reach;
  readonly manager: EntityManager;
  readonly now: Date;
  readonly afterCommit: (() => void)[];
}

/** 40001 serialization failure, 40P01 deadlock, 55P03 lock not available: another try may succeed. */
const worthAnotherTry = new Set(['40001', '40P01', '55P03']);

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
      if (!worthAnotherTry.has(sqlState(error) ?? '')) throw error;
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
    return row.now;
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
