import { Injectable, Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Background } from '../../../libs/messaging/background';
import { Database } from '../../../libs/persistence/database';
import { isUnavailable } from '../../../libs/persistence/sql-state';
import { allBrands } from '../../identity';
import type { ClaimedSubject } from '../ports/inbox';
import { Purchases } from '../ports/purchases';
import { ClaimSubjects } from '../use-cases/claim-subjects';
import { RedirectEvents } from '../use-cases/redirect-events';
import { InboxBell } from './inbox-bell';
import { Looking } from './looking';

/** So many purchases at once are looked up by this process. */
const atOnce = 8;
const refreshedAtOnce = 100;

/** Processes what Stripe told, and looks up later what could not be looked up then. Any number of instances do so at once. */
@Injectable()
export class InboxWorker {
  private readonly logger = new Logger('billing');

  constructor(
    background: Background,
    bell: InboxBell,
    private readonly commands: CommandBus,
    private readonly db: Database,
    private readonly purchases: Purchases,
    private readonly looking: Looking,
  ) {
    const loop = background.add('billing', 1_000, () => this.work());
    bell.answer(() => loop.wake());
    background.add('billing refresh', 30_000, () => this.refresh());
  }

  private async work(): Promise<boolean> {
    const claimed = await this.commands.execute(new ClaimSubjects(allBrands, atOnce));
    const done = await Promise.allSettled(claimed.map((one) => this.looking.into(one)));
    for (const [n, one] of done.entries()) if (one.status === 'rejected') await this.failed(claimed[n]!, one.reason as Error);
    return done.some(({ status }) => status === 'fulfilled');
  }

  /** It is tried again, later and later, and then set aside; meanwhile the others go on. */
  private async failed(claimed: ClaimedSubject, error: Error): Promise<void> {
    if (isUnavailable(error)) throw error;
    this.logger.error(`${claimed.subject}: ${error.stack ?? error.message}`);
    await this.commands.execute(new RedirectEvents(claimed, null, error.message));
  }

  private async refresh(): Promise<boolean> {
    const waiting = await this.db.run(allBrands, () => this.purchases.notLookedUp(allBrands, refreshedAtOnce));
    // Of a brand whose Stripe does not answer nothing more is tried in this round.
    const away = new Set<string>();
    for (const { brandId, subject } of waiting) {
      if (away.has(brandId)) continue;
      try {
        if ((await this.looking.again(brandId, subject)) === 'away') away.add(brandId);
      } catch (error) {
        // One that cannot be fulfilled holds nobody else up.
        if (isUnavailable(error)) throw error;
        this.logger.error(`${subject}: ${(error as Error).stack ?? String(error)}`);
      }
    }
    return false;
  }
}
