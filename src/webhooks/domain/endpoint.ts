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
  /** What was queued before is not sent any more. */
  readonly enabledAt: Date;
  /** Since when it has answered with nothing but failures. */
  readonly failingSince: Date | null;
  /** The last of these failures. */
  readonly lastFailureAt: Date | null;
  /** Whether the last answer was long in coming. */
  readonly slow: boolean;
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
/** More than the schedule ever waits for the next try: whoever was not tried for so long has not been failing all that time. */
const silenceHours = 30;
const slowMs = 2_000;

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
      enabledAt: at,
      failingSince: null,
      lastFailureAt: null,
      slow: false,
      version: 1,
      createdAt: at,
      updatedAt: at,
      deletedAt: null,
    });
    endpoint.record(new WebhookEndpointCreated(brandId, at, endpoint.facts()));
    return endpoint;
  }

  /** As everyone may read it who sees what changed: the path and the query of the address may hold a password. */
  override get changes(): Aggregate<EndpointState>['changes'] {
    const origin = (url: unknown) => (typeof url === 'string' ? originOf(url) : url);
    return super.changes.map((one) =>
      one.member === 'url' ? { member: 'origin', before: origin(one.before), after: origin(one.after) } : one,
    );
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
    if (answer.unsent) return;
    this.note({ slow: answer.latencyMs > slowMs });
    if (isSuccess(answer)) return this.note({ failingSince: null, lastFailureAt: null });
    if (isGone(answer)) return this.disable('gone', at);
    const since = this.failingSinceAs(at);
    this.note({ failingSince: since, lastFailureAt: at });
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
    const afresh = { enabledAt: at, failingSince: null, lastFailureAt: null, slow: false };
    this.revise({ status: 'enabled', disabledReason: null, ...afresh }, at);
    this.record(new WebhookEndpointEnabled(this.state.brandId, at, this.facts()));
  }

  private disable(reason: DisabledReason, at: Date): void {
    if (!this.isEnabled) return;
    this.revise({ status: 'disabled', disabledReason: reason }, at);
    this.record(new WebhookEndpointDisabled(this.state.brandId, at, { ...this.facts(), reason }));
  }

  private failingSinceAs(at: Date): Date {
    const { failingSince, lastFailureAt } = this.state;
    const goesOn = failingSince && lastFailureAt && at <= secondsAfter(lastFailureAt, silenceHours * 3_600);
    return goesOn ? failingSince : at;
  }

  private note(part: Partial<EndpointState>): void {
    if (this.alters(part)) this.change(part);
  }

  private revise(part: Partial<EndpointState>, at: Date): void {
    this.change({ ...part, version: this.state.version + 1, updatedAt: at });
  }

  private facts(): EndpointFacts {
    const { id, version, url, eventTypes, status } = this.state;
    return { id: publicId('webhookEndpoint', id), version, origin: originOf(url), event_types: eventTypes, status };
  }
}

const originOf = (url: string): string => new URL(url).origin;
