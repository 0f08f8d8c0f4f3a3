import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { daysAfter } from '../../../libs/kernel/clock';
import { publicId } from '../../../libs/kernel/id';
import { Jobs } from '../../../libs/messaging/jobs';
import { isUnavailable } from '../../../libs/persistence/sql-state';
import { Database } from '../../../libs/persistence/database';
import { allBrands } from '../../identity';
import type { Drift } from '../domain/drift';
import { ProviderAway } from '../domain/errors';
import type { PurchaseState } from '../domain/purchase';
import { BillingAccounts } from '../ports/billing-accounts';
import { Payments } from '../ports/payments';
import { Purchases } from '../ports/purchases';
import { StripeAddress } from '../ports/stripe-address';
import { OpenAccounts } from '../use-cases/open-accounts';
import { Looking } from './looking';

/** What came of one purchase. */
export interface Reconciled {
  readonly brandId: BrandId;
  /** null: the brand's Stripe could not be asked at all. */
  readonly subject: string | null;
  readonly changes: readonly string[];
  readonly drifts: readonly Drift[];
  readonly error: string | null;
}

export interface Scope {
  /** null: every brand with an account. */
  readonly brandId: BrandId | null;
  /** Only says what it would do. */
  readonly dryRun: boolean;
}

/** One-off payments are looked for so far back: what was missed longer ago has been looked up by then. */
const daysBack = 7;
const pageSize = 100;
/** Of the hourly job, so many purchases at a time. */
const partSize = 10;

/** Compares every purchase at Stripe with its licenses, repairs what is safe and notes what is not. */
@Injectable()
export class Reconciliation implements OnModuleInit {
  private readonly logger = new Logger('billing');
  private underWay: AsyncGenerator<Reconciled, void> | null = null;

  constructor(
    private readonly jobs: Jobs,
    private readonly db: Database,
    private readonly accounts: BillingAccounts,
    private readonly open: OpenAccounts,
    private readonly payments: Payments,
    private readonly purchases: Purchases,
    private readonly looking: Looking,
    private readonly address: StripeAddress,
  ) {}

  onModuleInit(): void {
    this.jobs.add({ name: 'reconcile billing', everySeconds: 3_600, work: () => this.part() });
  }

  /** One purchase after the other, so that whoever waits sees it go on. */
  async *of({ brandId, dryRun }: Scope): AsyncGenerator<Reconciled, void> {
    const brands = brandId ? [brandId] : await this.db.run(allBrands, () => this.accounts.brands(allBrands));
    for (const brand of brands) {
      try {
        for await (const subject of this.subjectsOf(brand)) yield await this.one(brand, subject, dryRun);
      } catch (error) {
        // Whatever is wrong with one brand's account, the others are looked at.
        yield { brandId: brand, subject: null, changes: [], drifts: [], error: reasonOf(error) };
      }
    }
  }

  private async part(): Promise<boolean> {
    const scope = { brandId: null, dryRun: false };
    this.underWay ??= this.of(scope);
    for (let n = 0; n < partSize; n++) {
      const { done, value } = await this.underWay.next();
      if (value?.error) this.complain(`${value.subject ?? publicId('brand', value.brandId)}: ${value.error}`);
      for (const change of value?.changes ?? []) this.logger.warn(`repaired ${change}`);
      if (!done) continue;
      this.underWay = null;
      return false;
    }
    return true;
  }

  /** Where there is a fake Stripe, it mostly does not run. */
  private complain(words: string): void {
    if (this.address.fakeUrl === null) this.logger.warn(words);
    else this.logger.debug(words);
  }

  private async one(brandId: BrandId, subject: string, dryRun: boolean): Promise<Reconciled> {
    const none = { brandId, subject, changes: [], drifts: [] };
    try {
      const converged = await this.looking.again(brandId, subject, dryRun);
      // Whoever is at it does what is to be done.
      if (converged === 'taken') return { ...none, error: null };
      return converged === 'away' ? { ...none, error: 'Stripe does not answer' } : { brandId, subject, ...converged, error: null };
    } catch (error) {
      if (isUnavailable(error)) throw error;
      return { ...none, error: reasonOf(error) };
    }
  }

  /** What Stripe lists, and what only we know; what has ended and is settled is left out. */
  private async *subjectsOf(brandId: BrandId): AsyncGenerator<string, void> {
    const access = await this.open.access(brandId);
    const since = await this.db.run(brandId, () => Promise.resolve(daysAfter(this.db.now(), -daysBack)));
    const listed = new Set<string>();
    for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
      const page = await this.payments.list(access, since, cursor);
      for (const { subject } of page.items) {
        listed.add(subject);
        const known = await this.db.run(brandId, () => this.purchases.ofSubject(brandId, subject));
        if (!known || !isSettled(known)) yield subject;
      }
      cursor = page.next;
    }
    yield* this.onlyKnownHere(brandId, listed);
  }

  private async *onlyKnownHere(brandId: BrandId, listed: ReadonlySet<string>): AsyncGenerator<string, void> {
    for (let after: string | null = null; ;) {
      const page: PurchaseState[] = await this.pageAfter(brandId, after);
      for (const known of page) if (!listed.has(known.subject) && !isSettled(known) && !isPaidOnce(known)) yield known.subject;
      if (page.length < pageSize) return;
      after = page.at(-1)!.subject;
    }
  }

  private pageAfter(brandId: BrandId, after: string | null): Promise<PurchaseState[]> {
    return this.db.run(brandId, () => this.purchases.page(brandId, after, pageSize));
  }
}

const isSettled = ({ status, lookedAt }: PurchaseState): boolean => status === 'ended' && lookedAt !== null;
/** Nothing happens to it any more but refunds and disputes, which are told. */
const isPaidOnce = ({ kind, lookedAt, done }: PurchaseState): boolean => kind === 'payment' && lookedAt !== null && done !== null;

const reasonOf = (error: unknown): string => (error instanceof ProviderAway ? error.message : (error as Error).message);
