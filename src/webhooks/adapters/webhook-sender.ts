import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { publicId } from '../../../libs/kernel/id';
import { Background } from '../../../libs/messaging/background';
import { isUnavailable } from '../../../libs/persistence/sql-state';
import { Tracing } from '../../../libs/telemetry/tracing';
import { CannotOpen } from '../../../libs/vault/vault';
import { allBrands } from '../../identity';
import type { Answer } from '../domain/delivery';
import { bodyOf, headersOf } from '../domain/message';
import { type Claimed, ofBrand, type Room } from '../ports/deliveries';
import { EndpointSecrets } from '../ports/endpoint-secrets';
import { Receiver } from '../ports/receiver';
import { ClaimDeliveries } from '../use-cases/claim-deliveries';
import { RenewClaims } from '../use-cases/renew-claims';
import { SettleDelivery } from '../use-cases/settle-delivery';
import { DeliveryBell } from './delivery-bell';

/** How many tries this process has under way. Whoever is failing or slow has a room of its own, and never takes up that of the others. */
const room: Room = { working: 150, hindered: 100 };
/** A try that has hung for longer takes up none: it may be the first that shows how slow an endpoint is. */
const promptMs = 2_000;
/** However many hang. */
const most = 500;
const lookEveryMs = 1_000;
/** A few times in each lease. */
const renewEveryMs = 1_500;
/** For so long what is under way may finish when the service stops. */
const partingMs = 5_000;
const settlingTries = 8;

const nothing = { status: null, latencyMs: 0, text: null, retryAfter: null };
const forgotten: Answer = { ...nothing, error: 'the event is no longer kept', unsent: 'forgotten' };
const sealed: Answer = { ...nothing, error: 'the secret cannot be opened', unsent: 'sealed' };

interface Try {
  readonly claimed: Claimed;
  readonly began: number;
}

/** Claims what is due and sends it; the loop goes on meanwhile, so a slow receiver holds up nobody else. */
@Injectable()
export class WebhookSender implements OnModuleDestroy {
  private readonly logger = new Logger(WebhookSender.name);
  private readonly underWay = new Map<Promise<void>, Try>();
  private renewing: NodeJS.Timeout | null = null;
  private readonly stopping = new AbortController();
  private readonly loop: { wake(): void };

  constructor(
    background: Background,
    bell: DeliveryBell,
    private readonly commands: CommandBus,
    private readonly secrets: EndpointSecrets,
    private readonly receiver: Receiver,
    private readonly tracing: Tracing,
  ) {
    this.loop = background.add(
      'webhooks',
      lookEveryMs,
      () => this.claim(),
      () => this.finish(),
    );
    bell.answer(() => this.loop.wake());
    // Every try listens for the end.
    setMaxListeners(0, this.stopping.signal);
  }

  private async claim(): Promise<boolean> {
    const claimed = await this.commands.execute(new ClaimDeliveries(allBrands, this.free()));
    for (const one of claimed) this.begin(one);
    return claimed.length > 0;
  }

  private free(): Room {
    const all = [...this.underWay.values()];
    const hindered = all.filter(({ claimed }) => claimed.hindered).length;
    const working = all.filter(({ claimed, began }) => !claimed.hindered && performance.now() - began < promptMs).length;
    const left = most - all.length;
    return { working: Math.min(left, room.working - working), hindered: Math.min(left, room.hindered - hindered) };
  }

  private begin(claimed: Claimed): void {
    const sent = this.deliver(claimed)
      .catch((error: Error) => {
        // Nothing was written down: it is done again when the lease is over.
        if (!this.stopping.signal.aborted) this.logger.error(`${publicId('webhookDelivery', claimed.id)}: ${error.stack ?? error.message}`);
        return false;
      })
      .then((more) => {
        const wasFull = this.isFullFor(claimed);
        this.underWay.delete(sent);
        if (more || wasFull) this.loop.wake();
        if (this.underWay.size === 0) this.rest();
      });
    this.underWay.set(sent, { claimed, began: performance.now() });
    // Beside the loops, which end before what is under way does.
    this.renewing ??= setInterval(() => void this.renew(), renewEveryMs);
  }

  private rest(): void {
    clearInterval(this.renewing ?? undefined);
    this.renewing = null;
  }

  /** Whether something may be due that had to wait for this one. */
  private isFullFor({ brandId, hindered }: Claimed): boolean {
    const which = hindered ? 'hindered' : 'working';
    const ofTheBrand = [...this.underWay.values()].filter(({ claimed }) => claimed.brandId === brandId && claimed.hindered === hindered);
    return this.free()[which] <= 0 || ofTheBrand.length >= ofBrand[which];
  }

  private async renew(): Promise<void> {
    try {
      await this.commands.execute(
        new RenewClaims(
          allBrands,
          [...this.underWay.values()].map(({ claimed }) => claimed),
        ),
      );
    } catch (error) {
      // While the database is away nobody else takes over either.
      if (!isUnavailable(error)) this.logger.error((error as Error).stack);
    }
  }

  /** Answers whether more is due at the endpoint. */
  private async deliver(claimed: Claimed): Promise<boolean> {
    const answer = await this.send(claimed);
    for (let tries = 1; ; tries++) {
      try {
        return (await this.commands.execute(new SettleDelivery(claimed, answer, Math.random()))).more;
      } catch (error) {
        // What was sent should not be sent again only because the database was away for a moment.
        if (!isUnavailable(error) || tries === settlingTries) throw error;
        await sleep(1_000, undefined, { signal: this.stopping.signal });
      }
    }
  }

  private async send({ event, endpointId, secrets, url, claimedAt }: Claimed): Promise<Answer> {
    if (!event) return forgotten;
    const body = bodyOf(event);
    const [present, ...before] = secrets.map((secret) => this.opened(endpointId, secret));
    if (!present) return sealed;
    const signing = [present, ...before.filter((one) => one !== null)];
    return this.tracing.sending('POST webhook', event.traceparent, (traceparent) => {
      const headers = headersOf({ ...event, traceparent }, body, signing, claimedAt);
      return this.receiver.send({ url, headers, body }, this.stopping.signal);
    });
  }

  /** null when the key that it was sealed under is gone. */
  private opened(endpointId: string, secret: Buffer): string | null {
    try {
      return this.secrets.open(endpointId, secret);
    } catch (error) {
      if (error instanceof CannotOpen) return null;
      throw error;
    }
  }

  private async finish(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay.keys());
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.race([this.finish(), sleep(partingMs, undefined, { ref: false })]);
    this.stopping.abort();
    await this.finish();
  }
}
