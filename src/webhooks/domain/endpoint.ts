import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { daysAfter, secondsAfter } from '../../../libs/kernel/clock';
import { publicId } from '../../../libs/kernel/id';
import { type Answer, isGone, isSuccess } from './delivery';
import { EndpointDisabled, EndpointsFull } from './errors';
import {
  type EndpointFacts,
  WebhookEndpointCreated,
  WebhookEndpointDeleted,
  WebhookEndpointDisabled,
  WebhookEndpointEnabled,
  WebhookEndpointSecretRotated,
  WebhookEndpointTest,
  WebhookEndpointUpdated,
} from './events';

export type EndpointStatus = 'enabled' | 'disabled';
/** `gone`: it answered 410. `failing`: for days it answered with nothing but failures. */
export type DisabledReason = 'requested' | 'gone' | 'failing' | 'deleted';

export interface EndpointState {
  readonly brandId: BrandId;
  readonly id: string;
  readonly url: string;
  readonly eventTypes: string[];
  readonly description: string | null;
  readonly status: EndpointStatus;
  readonly disabledReason: DisabledReason | null;
  /** Sealed; null once the endpoint is deleted. */
  readonly secret: Buffer | null;
  /** The secret before the last rotation, which signs as well until then. */
  readonly previousSecret: Buffer | null;
  readonly previousUntil: Date | null;
  /** Since when it has answered with nothing but failures. */
  readonly failingSince: Date | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt: Date | null;
}

export interface NewEndpoint {
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly description: string | null;
}

export type EndpointChange = Partial<NewEndpoint & { readonly status: EndpointStatus }>;

export const maxEndpoints = 20;
const patienceDays = 5;

/** Where a brand wants to be told of its events. */
export class WebhookEndpoint extends Aggregate<EndpointState> {
  /** @param others how many the brand has already @throws EndpointsFull */
  static create(brandId: BrandId, id: string, wanted: NewEndpoint, others: number, secret: Buffer, at: Date): WebhookEndpoint {
    if (others >= maxEndpoints) throw new EndpointsFull();
    const endpoint = new WebhookEndpoint({
      brandId,
      id,
      url: wanted.url,
      eventTypes: [...wanted.eventTypes],
      description: wanted.description,
      status: 'enabled',
      disabledReason: null,
      secret,
      previousSecret: null,
      previousUntil: null,
      failingSince: null,
      version: 1,
      createdAt: at,
      updatedAt: at,
      deletedAt: null,
    });
    endpoint.record(new WebhookEndpointCreated(brandId, at, endpoint.facts()));
    return endpoint;
  }

  get isEnabled(): boolean {
    return this.state.status === 'enabled';
  }

  update({ status, eventTypes, ...others }: EndpointChange, at: Date): void {
    const wanted = { ...others, ...(eventTypes && { eventTypes: [...eventTypes] }) };
    if (this.alters(wanted)) {
      this.revise(wanted, at);
      this.record(new WebhookEndpointUpdated(this.state.brandId, at, this.facts()));
    }
    if (status === 'enabled') this.enable(at);
    if (status === 'disabled') this.disable('requested', at);
  }

  /** A new secret; the old one signs too until the overlap is over. */
  rotate(secret: Buffer, overlapSeconds: number, at: Date): void {
    const previousUntil = overlapSeconds > 0 ? secondsAfter(at, overlapSeconds) : null;
    this.revise({ secret, previousSecret: previousUntil && this.state.secret, previousUntil }, at);
    this.record(new WebhookEndpointSecretRotated(this.state.brandId, at, this.facts()));
  }

  /** Something to send that means nothing. @throws EndpointDisabled */
  test(at: Date): { readonly id: string; readonly type: string } {
    this.ensureEnabled();
    const event = new WebhookEndpointTest(this.state.brandId, at, this.facts());
    this.record(event);
    return event;
  }

  /** @throws EndpointDisabled */
  ensureEnabled(): void {
    if (!this.isEnabled) throw new EndpointDisabled();
  }

  /** Learns from what it answered whether it is worth calling. */
  answered(answer: Answer, at: Date): void {
    if (isSuccess(answer)) return this.failing(null);
    if (isGone(answer)) return this.disable('gone', at);
    const since = this.state.failingSince ?? at;
    this.failing(since);
    if (at >= daysAfter(since, patienceDays)) this.disable('failing', at);
  }

  /** Ended for good; nothing is left that could sign in its name. */
  delete(at: Date): void {
    const over = { secret: null, previousSecret: null, previousUntil: null, deletedAt: at };
    this.revise({ status: 'disabled', disabledReason: 'deleted', ...over }, at);
    this.record(new WebhookEndpointDeleted(this.state.brandId, at, this.facts()));
  }

  private enable(at: Date): void {
    if (this.isEnabled) return;
    this.revise({ status: 'enabled', disabledReason: null, failingSince: null }, at);
    this.record(new WebhookEndpointEnabled(this.state.brandId, at, this.facts()));
  }

  private disable(reason: DisabledReason, at: Date): void {
    if (!this.isEnabled) return;
    this.revise({ status: 'disabled', disabledReason: reason }, at);
    this.record(new WebhookEndpointDisabled(this.state.brandId, at, { ...this.facts(), reason }));
  }

  private failing(failingSince: Date | null): void {
    if (this.alters({ failingSince })) this.change({ failingSince });
  }

  private revise(part: Partial<EndpointState>, at: Date): void {
    this.change({ ...part, version: this.state.version + 1, updatedAt: at });
  }

  private facts(): EndpointFacts {
    const { id, version, url, eventTypes, status } = this.state;
    return { id: publicId('webhookEndpoint', id), version, url, event_types: eventTypes, status };
  }
}
