import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import type { Replay } from '../domain/replay';
import { type ClaimedSubject, Inbox, type InboxEvent, type Outcome } from '../ports/inbox';
import { mostOfSubject, type Place } from './lease-looks';

interface Look extends Place {
  readonly lease: string;
  readonly until: Date;
}

export class MemoryInbox implements Inbox {
  private events: InboxEvent[] = [];
  private looks: Look[] = [];

  async add(event: InboxEvent): Promise<boolean> {
    if (await this.find(event.brandId, event.id)) return false;
    this.events.push(event);
    return true;
  }

  async claim(_reach: AllBrands, limit: number, leaseSeconds: number, at: Date): Promise<ClaimedSubject[]> {
    const turns = new Map<BrandId, number>();
    return this.due(at)
      .map((place) => {
        const turn = (turns.get(place.brandId) ?? 0) + 1;
        turns.set(place.brandId, turn);
        return { place, turn };
      })
      .sort((one, other) => one.turn - other.turn)
      .slice(0, limit)
      .map(({ place }) => this.take(place, leaseSeconds, at));
  }

  async lease(brandId: BrandId, subject: string, leaseSeconds: number, at: Date): Promise<ClaimedSubject | null> {
    const place = { brandId, subject };
    return this.isLeased(place, at) ? null : this.take(place, leaseSeconds, at);
  }

  async holds(claimed: ClaimedSubject): Promise<boolean> {
    return this.looks.some((look) => isSame(look, claimed) && look.lease === claimed.lease);
  }

  async settle(claimed: ClaimedSubject, outcomes: readonly Outcome[], at: Date): Promise<void> {
    for (const outcome of outcomes) {
      this.change(claimed.brandId, outcome.id, ({ attempts, subject }) => ({
        status: outcome.status,
        error: 'error' in outcome ? outcome.error : null,
        attempts: attempts + 1,
        ...(outcome.status === 'waiting'
          ? { nextAttemptAt: outcome.nextAttemptAt, processedAt: null, subject: outcome.subject ?? subject }
          : { nextAttemptAt: null, processedAt: at }),
      }));
    }
    this.looks = this.looks.filter((look) => !(isSame(look, claimed) && look.lease === claimed.lease));
  }

  async find(brandId: BrandId, id: string): Promise<InboxEvent | null> {
    return this.events.find((event) => event.brandId === brandId && event.id === id) ?? null;
  }

  async replay({ state: { brandId, id } }: Replay, at: Date): Promise<void> {
    this.change(brandId, id, () => ({ status: 'waiting', attempts: 0, nextAttemptAt: at, error: null, processedAt: null }));
  }

  async hurry(brandId: BrandId, subjects: readonly string[], at: Date): Promise<void> {
    for (const { id, nextAttemptAt } of subjects.flatMap((subject) => this.waiting({ brandId, subject }))) {
      if (nextAttemptAt! > at) this.change(brandId, id, () => ({ nextAttemptAt: at }));
    }
  }

  /** The longest due first. */
  private due(at: Date): Place[] {
    const events = this.events
      .filter(({ status, nextAttemptAt }) => status === 'waiting' && nextAttemptAt! <= at)
      .sort((one, other) => one.nextAttemptAt!.getTime() - other.nextAttemptAt!.getTime());
    const all = events.flatMap(({ brandId, subject }) => (subject === null ? [] : [{ brandId, subject }]));
    return all.filter((place, n) => all.findIndex((other) => isSame(other, place)) === n && !this.isLeased(place, at));
  }

  private take(place: Place, leaseSeconds: number, at: Date): ClaimedSubject {
    const look = { ...place, lease: newId(), until: secondsAfter(at, leaseSeconds) };
    this.looks = [...this.looks.filter((other) => !isSame(other, place)), look];
    return { ...place, lease: look.lease, events: this.waiting(place).slice(0, mostOfSubject) };
  }

  private isLeased(place: Place, at: Date): boolean {
    return this.looks.some((look) => isSame(look, place) && look.until > at);
  }

  private waiting({ brandId, subject }: Place): InboxEvent[] {
    const toldAt = ({ createdAt, receivedAt }: InboxEvent) => (createdAt ?? receivedAt).getTime();
    return this.events
      .filter((event) => event.brandId === brandId && event.subject === subject && event.status === 'waiting')
      .sort((a, b) => toldAt(a) - toldAt(b) || a.receivedAt.getTime() - b.receivedAt.getTime() || (a.id < b.id ? -1 : 1));
  }

  private change(brandId: BrandId, id: string, part: (event: InboxEvent) => Partial<InboxEvent>): void {
    this.events = this.events.map((event) => (event.brandId === brandId && event.id === id ? { ...event, ...part(event) } : event));
  }
}

const isSame = (one: Place, other: Place): boolean => one.brandId === other.brandId && one.subject === other.subject;
