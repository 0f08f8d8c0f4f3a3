import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, secondsAfter } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { Drift } from '../domain/drift';
import { UnreadableEvent } from '../domain/errors';
import type { News, ProviderEvent } from '../domain/facts';
import { type ClaimedSubject, Inbox, type InboxEvent, type Outcome } from '../ports/inbox';
import { Payments } from '../ports/payments';
import { Drifts } from '../ports/drifts';
import { Fulfilment } from './fulfilment';
import { PurchaseRecords } from './purchase-records';

/** What a look at the provider showed; `away`: nothing, so that only what it told counts. */
export type Seen = { readonly news: News | null } | 'away';

export interface Converged {
  /** What was done to licenses, in words. */
  readonly changes: readonly string[];
  readonly drifts: readonly Drift[];
}

/** Makes the licenses of a purchase what its present state says, whatever was told about it, in whatever order. */
export class Converge extends Command<Converged> {
  constructor(
    readonly claimed: ClaimedSubject,
    readonly seen: Seen,
    /** Only says what it would do. */
    readonly dryRun = false,
  ) {
    super();
  }
}

const nothing: Converged = { changes: [], drifts: [] };
/** For a purchase that the provider does not know, though it told of it: it may be a moment behind itself. */
const unknownTries = 5;

@CommandHandler(Converge)
export class ConvergeHandler implements ICommandHandler<Converge> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly inbox: Inbox,
    private readonly payments: Payments,
    private readonly records: PurchaseRecords,
    private readonly fulfilment: Fulfilment,
    private readonly drifts: Drifts,
    private readonly clock: Clock,
  ) {}

  async execute({ claimed, seen, dryRun }: Converge): Promise<Converged> {
    try {
      return await this.work.run(claimed.brandId, async () => {
        // Whoever took over meanwhile has seen what came later.
        if (!(await this.inbox.holds(claimed))) return nothing;
        const converged = await this.converge(claimed, seen);
        if (dryRun) throw new OnlySaid(converged);
        return converged;
      });
    } catch (said) {
      if (!(said instanceof OnlySaid)) throw said;
      await this.work.run(claimed.brandId, () => this.inbox.settle(claimed, [], this.clock.now()));
      return said.converged;
    }
  }

  private async converge(claimed: ClaimedSubject, seen: Seen): Promise<Converged> {
    const at = this.clock.now();
    const { events, outcomes } = this.read(claimed.events);
    if (seen !== 'away' && seen.news === null) return this.unknown(claimed, outcomes, at);

    const news = seen === 'away' ? told(claimed.subject, events) : [seen.news!];
    const purchase = await this.records.learn(claimed, news, at);
    const converged = purchase ? await this.fulfilment.of(purchase, at) : nothing;
    if (purchase) await this.records.keep(purchase);
    if (events.some(isTrialEnding) && purchase) await this.fulfilment.tellOfTrial(purchase);
    const drifts = seen === 'away' ? [...converged.drifts, notLookedUp] : converged.drifts;
    await this.drifts.seen(claimed.brandId, claimed.subject, drifts, at);
    await this.inbox.settle(claimed, [...outcomes, ...events.map(({ id }) => ({ id, status: 'done' as const }))], at);
    return { ...converged, drifts };
  }

  private async unknown(claimed: ClaimedSubject, unreadable: Outcome[], at: Date): Promise<Converged> {
    const isKnown = await this.records.lookedInVain(claimed, at);
    const drifts: Drift[] = isKnown ? [{ cause: 'gone_at_provider', detail: 'Stripe does not know it any more.' }] : [];
    await this.drifts.seen(claimed.brandId, claimed.subject, drifts, at);
    const rest = claimed.events.filter(({ id }) => !unreadable.some((one) => one.id === id));
    await this.inbox.settle(claimed, [...unreadable, ...rest.map((event) => unknownOutcome(event, at))], at);
    return { changes: [], drifts };
  }

  /** What cannot be read is set aside, and holds nothing up. */
  private read(waiting: readonly InboxEvent[]): { events: ProviderEvent[]; outcomes: Outcome[] } {
    const [events, outcomes]: [ProviderEvent[], Outcome[]] = [[], []];
    for (const { id, body } of waiting) {
      try {
        events.push({ ...this.payments.read(body), id });
      } catch (error) {
        if (!(error instanceof UnreadableEvent)) throw error;
        outcomes.push({ id, status: 'set_aside', error: error.message });
      }
    }
    return { events, outcomes };
  }
}

/** Undoes all of it: it was only to be known. */
class OnlySaid extends Error {
  constructor(readonly converged: Converged) {
    super();
  }
}

const notLookedUp: Drift = { cause: 'not_looked_up', detail: 'Stripe did not answer; what its events told was taken for now.' };

const isTrialEnding = ({ about }: ProviderEvent): boolean => about.about === 'purchase' && about.news.trialEnding === true;

/** The provider's own order, as far as it has one; what is told of it is merged in any order. */
function told(subject: string, events: readonly ProviderEvent[]): News[] {
  return events.flatMap(({ createdAt, about }): News[] => {
    if (about.about === 'purchase') return about.subject === subject ? [about.news] : [];
    if (about.about === 'nothing') return [];
    const kind = subject.startsWith('sub_') ? 'subscription' : 'payment';
    const nothingElse = { terms: null, buyer: null, planCode: null, invoices: [] };
    return [{ subject, kind, asOf: createdAt, whole: false, ...nothingElse, payments: [about.payment] }];
  });
}

function unknownOutcome({ id, attempts }: InboxEvent, at: Date): Outcome {
  if (attempts + 1 >= unknownTries) return { id, status: 'set_aside', error: 'Stripe does not know what this event is about' };
  return {
    id,
    status: 'waiting',
    error: 'Stripe does not know what this event is about',
    nextAttemptAt: secondsAfter(at, 5 * 10 ** attempts),
  };
}
