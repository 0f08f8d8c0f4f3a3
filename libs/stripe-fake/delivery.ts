import Stripe from 'stripe';
import type { FakeEvent, Shape } from './objects/objects';
import { unknownToOld } from './objects/old-shape';

export interface Hook {
  readonly url: string;
  readonly secret: string;
  readonly shape: Shape;
}

/** How it went to bring one event to one endpoint. */
export interface Delivery {
  readonly hook: Hook;
  tries: number;
  /** The HTTP status of the last answer; null when there was none. */
  status: number | null;
  problem: string | null;
}

const timeLimit = 5000;
const retries = [1, 5, 30, 120, 600, 3600];

/** Brings events to the endpoints of one account: in order, and again later where it failed. */
export class Deliveries {
  readonly hooks: Hook[] = [];
  private readonly log = new Map<string, Delivery[]>();
  private readonly queues = new Map<Hook, Promise<unknown>>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly ending = new AbortController();

  constructor(private readonly oldEvent: (event: FakeEvent) => object) {}

  of(event: FakeEvent): readonly Delivery[] {
    return this.log.get(event.id) ?? [];
  }

  /** Puts the event at the end of every endpoint's line. */
  send(event: FakeEvent): void {
    for (const hook of this.hooks) {
      if (hook.shape === 'old' && unknownToOld(event.type)) continue;
      const line = (this.queues.get(hook) ?? Promise.resolve()).then(() => this.bring(event, hook));
      this.queues.set(hook, line);
    }
  }

  /** Every event was brought once, well or badly. */
  async settled(): Promise<void> {
    const lines = [...this.queues.values()];
    await Promise.all(lines);
    if ([...this.queues.values()].some((line) => !lines.includes(line))) await this.settled();
  }

  /** Brings it once, now, to every endpoint; the answer is what the first one said, 0 when it said nothing. */
  async deliver(event: FakeEvent, shape?: Shape): Promise<number> {
    const statuses: (number | null)[] = [];
    for (const hook of this.hooks) statuses.push((await this.post(event, hook, shape)).status);
    return statuses[0] ?? 0;
  }

  signed(event: FakeEvent, secret: string, shape: Shape = 'new'): { body: string; header: string } {
    const body = JSON.stringify(shape === 'old' ? this.oldEvent(event) : event, null, 2);
    return { body, header: Stripe.webhooks.generateTestHeaderString({ payload: body, secret }) };
  }

  stop(): void {
    this.ending.abort();
    for (const timer of this.timers) clearTimeout(timer);
  }

  private async bring(event: FakeEvent, hook: Hook): Promise<void> {
    if (this.ending.signal.aborted) return;
    const { status, tries } = await this.post(event, hook);
    if (status !== null && status < 300) return;
    const wait = retries[tries - 1];
    if (wait === undefined || this.ending.signal.aborted) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.bring(event, hook);
    }, wait * 1000).unref();
    this.timers.add(timer);
  }

  private async post(event: FakeEvent, hook: Hook, shape: Shape = hook.shape): Promise<Delivery> {
    const delivery = this.entry(event, hook);
    const { body, header } = this.signed(event, hook.secret, shape);
    const headers = { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': header, 'user-agent': 'Stripe/1.0 (fake)' };
    delivery.tries++;
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(timeLimit), this.ending.signal]);
      const answer = await fetch(hook.url, { method: 'POST', body, headers, signal, redirect: 'manual' });
      await answer.arrayBuffer();
      delivery.status = answer.status;
      delivery.problem = answer.status < 300 ? null : `answered ${answer.status}`;
    } catch (error) {
      delivery.status = null;
      delivery.problem = reasonOf(error);
    }
    return delivery;
  }

  private entry(event: FakeEvent, hook: Hook): Delivery {
    const known = this.log.get(event.id) ?? [];
    this.log.set(event.id, known);
    const found = known.find((delivery) => delivery.hook === hook);
    if (found) return found;
    const fresh: Delivery = { hook, tries: 0, status: null, problem: null };
    known.push(fresh);
    return fresh;
  }
}

const reasonOf = (error: unknown): string => {
  const { name, cause } = error as Error;
  return name === 'TimeoutError' ? 'no answer in 5 s' : cause instanceof Error ? cause.message : String(error);
};
