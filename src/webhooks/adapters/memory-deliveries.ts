import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { type Attempt, Delivery, type DeliveryState, leaseSeconds } from '../domain/delivery';
import type { EndpointState } from '../domain/endpoint';
import { atOnce, type Claimed, Deliveries, ofBrand, type PastEvent, type Replayed, type Room } from '../ports/deliveries';

/** Knows no log, so what it claims comes without its event. */
export class MemoryDeliveries implements Deliveries {
  private readonly rows = new Map<string, DeliveryState>();
  readonly attempts: (Attempt & { readonly deliveryId: string })[] = [];

  constructor(private readonly endpoints: ReadonlyMap<string, EndpointState>) {}

  async add(deliveries: readonly Delivery[]): Promise<void> {
    for (const { state } of deliveries) {
      const again = (row: DeliveryState) =>
        row.cause === 'event' && state.cause === 'event' && row.endpointId === state.endpointId && row.eventId === state.eventId;
      if (![...this.rows.values()].some(again)) this.rows.set(state.id, state);
    }
  }

  async replay(endpoint: Replayed, events: readonly PastEvent[], at: Date): Promise<void> {
    for (const event of events) {
      const waiting = this.pendingAt(endpoint.id).filter((row) => row.eventId === event.id && row.createdAt >= endpoint.enabledAt);
      for (const row of waiting) this.change(row, { nextAttemptAt: row.nextAttemptAt! < at ? row.nextAttemptAt : at });
      if (waiting.length === 0) await this.add([Delivery.of(endpoint, event, 'replay', at)]);
    }
  }

  async claim(_reach: AllBrands, room: Room, at: Date): Promise<Claimed[]> {
    return [...this.claimOf('working', room, at), ...this.claimOf('hindered', room, at)];
  }

  async hold(brandId: BrandId, id: string): Promise<Delivery | null> {
    const row = this.rows.get(id);
    return row?.brandId === brandId ? new Delivery(row) : null;
  }

  async save({ state }: Delivery, attempt: Attempt): Promise<void> {
    this.rows.set(state.id, state);
    this.attempts.push({ deliveryId: state.id, ...attempt });
  }

  async renew(_reach: AllBrands, claimed: readonly Claimed[], at: Date): Promise<void> {
    for (const { id, lease } of claimed) {
      const row = this.rows.get(id);
      if (row?.lease === lease) this.change(row, { leasedUntil: secondsAfter(at, leaseSeconds) });
    }
  }

  async anyDue(brandId: BrandId, endpointId: string, at: Date): Promise<boolean> {
    return this.pendingAt(endpointId).some((row) => row.brandId === brandId && row.nextAttemptAt! <= at && !isLeased(row, at));
  }

  private claimOf(which: keyof Room, room: Room, at: Date): Claimed[] {
    const endpoints = [...this.endpoints.values()].filter((one) => one.status === 'enabled' && roomOf(one) === which);
    const due = endpoints.flatMap((endpoint) => this.dueAt(endpoint, at).map((row) => this.lease(endpoint, row, at)));
    const free = (brandId: BrandId, taken: number) => taken < ofBrand[which] - this.underWay(which, brandId, at);
    const fair = due.filter(({ row }, place) =>
      free(row.brandId, due.slice(0, place).filter((one) => one.row.brandId === row.brandId).length),
    );
    return fair.slice(0, Math.max(0, room[which])).map(({ row, claimed }) => {
      this.change(row, { lease: claimed.lease, leasedUntil: secondsAfter(at, leaseSeconds) });
      return claimed;
    });
  }

  private underWay(which: keyof Room, brandId: BrandId, at: Date): number {
    const mine = (row: DeliveryState) => row.brandId === brandId && isLeased(row, at);
    return [...this.rows.values()].filter((row) => mine(row) && roomOf(this.endpoints.get(row.endpointId)!) === which).length;
  }

  private dueAt({ id, failingSince, enabledAt }: EndpointState, at: Date): DeliveryState[] {
    const pending = this.pendingAt(id);
    const leased = pending.filter((row) => isLeased(row, at));
    const most = failingSince ? atOnce.failing : atOnce.working;
    return pending
      .filter((row) => row.nextAttemptAt! <= at && row.createdAt >= enabledAt && !leased.includes(row))
      .sort((one, other) => one.nextAttemptAt!.getTime() - other.nextAttemptAt!.getTime() || (one.id < other.id ? -1 : 1))
      .slice(0, Math.max(0, most - leased.length));
  }

  private lease(endpoint: EndpointState, row: DeliveryState, at: Date): { row: DeliveryState; claimed: Claimed } {
    const { brandId, url, secret, previousSecret, previousUntil } = endpoint;
    const secrets = [secret, previousUntil && previousUntil > at ? previousSecret : null].filter((one) => one !== null);
    const lease = { claimedAt: at, lease: newId() };
    return {
      row,
      claimed: {
        brandId,
        id: row.id,
        endpointId: row.endpointId,
        url,
        secrets,
        hindered: roomOf(endpoint) === 'hindered',
        event: null,
        ...lease,
      },
    };
  }

  private pendingAt(endpointId: string): DeliveryState[] {
    return [...this.rows.values()].filter((row) => row.endpointId === endpointId && row.status === 'pending');
  }

  private change(row: DeliveryState, part: Partial<DeliveryState>): void {
    this.rows.set(row.id, { ...row, ...part });
  }
}

const roomOf = ({ failingSince, slow }: EndpointState): keyof Room => (failingSince !== null || slow ? 'hindered' : 'working');
const isLeased = ({ leasedUntil }: DeliveryState, at: Date): boolean => leasedUntil !== null && leasedUntil > at;
