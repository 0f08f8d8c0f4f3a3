import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { leaseSeconds, Mail, type MailState } from '../domain/mail';
import { type Claimed, Mails } from '../ports/mails';

export class MemoryMails implements Mails {
  private readonly rows = new Map<string, MailState>();

  async add({ state }: Mail): Promise<boolean> {
    if (this.all.some(({ brandId, reason }) => brandId === state.brandId && reason === state.reason)) return false;
    this.rows.set(state.id, state);
    return true;
  }

  async claim(_reach: AllBrands, atMost: number, at: Date): Promise<Claimed[]> {
    const lease = newId();
    const claimed: Claimed[] = [];
    while (claimed.length < atMost) {
      const [next] = this.due(at).sort((one, other) => this.underWay(one, at) - this.underWay(other, at) || byTime(one, other));
      if (!next) break;
      const leased = { ...next, lease, leasedUntil: secondsAfter(at, leaseSeconds) };
      this.rows.set(next.id, leased);
      claimed.push(leased);
    }
    return claimed.sort(byTime);
  }

  async hold(brandId: BrandId, id: string): Promise<Mail | null> {
    const row = this.rows.get(id);
    return row?.brandId === brandId ? new Mail(row) : null;
  }

  async holdWithKey(brandId: BrandId, licenseKeyId: string): Promise<Mail[]> {
    const holding = this.all.filter((row) => row.brandId === brandId && row.licenseKeyId === licenseKeyId && row.sealed);
    return holding.sort((one, other) => (one.id < other.id ? -1 : 1)).map((row) => new Mail(row));
  }

  async save({ state }: Mail): Promise<void> {
    this.rows.set(state.id, state);
  }

  private due(at: Date): MailState[] {
    return this.all.filter((row) => row.status === 'waiting' && row.nextAttemptAt! <= at && !isLeased(row, at));
  }

  private underWay({ brandId }: MailState, at: Date): number {
    return this.all.filter((row) => row.brandId === brandId && isLeased(row, at)).length;
  }

  private get all(): MailState[] {
    return [...this.rows.values()];
  }
}

const isLeased = ({ leasedUntil }: MailState, at: Date): boolean => leasedUntil !== null && leasedUntil > at;
const byTime = (one: MailState, other: MailState): number =>
  one.nextAttemptAt!.getTime() - other.nextAttemptAt!.getTime() || (one.id < other.id ? -1 : 1);
