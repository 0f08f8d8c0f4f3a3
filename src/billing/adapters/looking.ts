import { Injectable, Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Database } from '../../../libs/persistence/database';
import { CannotOpen } from '../../../libs/vault/vault';
import { BillingNotSetUp, ProviderAway } from '../domain/errors';
import type { ClaimedSubject } from '../ports/inbox';
import { type AccountAccess, Payments } from '../ports/payments';
import { Purchases } from '../ports/purchases';
import { Converge, type Converged, type Seen } from '../use-cases/converge';
import { LeaseSubject } from '../use-cases/lease-subject';
import { OpenAccounts } from '../use-cases/open-accounts';
import { RedirectEvents } from '../use-cases/redirect-events';

const isPurchase = (subject: string): boolean => /^(sub|cs)_/.test(subject);

/** Looks purchases up at Stripe and has their licenses follow. Stripe is asked between units of work, never inside one. */
@Injectable()
export class Looking {
  private readonly logger = new Logger('billing');

  constructor(
    private readonly commands: CommandBus,
    private readonly db: Database,
    private readonly accounts: OpenAccounts,
    private readonly payments: Payments,
    private readonly purchases: Purchases,
  ) {}

  /** Brings what was told about one purchase or payment where it belongs. */
  async into(claimed: ClaimedSubject): Promise<void> {
    if (!isPurchase(claimed.subject)) return this.redirect(claimed);
    await this.commands.execute(new Converge(claimed, await this.see(claimed)));
  }

  /** Looks a purchase up though nothing was told of it; `taken`: somebody else is at it; `away`: Stripe does not answer. */
  async again(brandId: ClaimedSubject['brandId'], subject: string, dryRun = false): Promise<Converged | 'taken' | 'away'> {
    const claimed = await this.commands.execute(new LeaseSubject(brandId, subject));
    if (!claimed) return 'taken';
    const seen = await this.see(claimed);
    const converged = await this.commands.execute(new Converge(claimed, seen, dryRun));
    return seen === 'away' ? 'away' : converged;
  }

  private async see(claimed: ClaimedSubject): Promise<Seen> {
    try {
      return { news: await this.payments.look(await this.accounts.access(claimed.brandId), claimed.subject) };
    } catch (error) {
      this.away(claimed, error);
      return 'away';
    }
  }

  private async redirect(claimed: ClaimedSubject): Promise<void> {
    const { brandId, subject } = claimed;
    try {
      const known = await this.db.run(brandId, () => this.purchases.ofPayment(brandId, subject));
      const found = known?.subject ?? (await this.payments.purchaseOf(await this.access(claimed), subject));
      await this.commands.execute(new RedirectEvents(claimed, found, null));
    } catch (error) {
      this.away(claimed, error);
      await this.commands.execute(new RedirectEvents(claimed, null, (error as Error).message));
    }
  }

  private access({ brandId }: ClaimedSubject): Promise<AccountAccess> {
    return this.accounts.access(brandId);
  }

  /** Only that Stripe, or the key to it, is not to be had is no fault of ours. */
  private away({ subject }: ClaimedSubject, error: unknown): void {
    const isAway = [ProviderAway, BillingNotSetUp, CannotOpen].some((kind) => error instanceof kind);
    if (!isAway) throw error;
    this.logger.warn(`${subject} could not be looked up: ${error instanceof ProviderAway ? error.why : (error as Error).message}`);
  }
}
