import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { publicId } from '../../../libs/kernel/id';
import { Background } from '../../../libs/messaging/background';
import { isUnavailable } from '../../../libs/persistence/sql-state';
import { allBrands } from '../../identity';
import type { Answer } from '../domain/delivery';
import { bodyOf, headersOf } from '../domain/message';
import type { Claimed } from '../ports/deliveries';
import { EndpointSecrets } from '../ports/endpoint-secrets';
import { Receiver } from '../ports/receiver';
import { ClaimDeliveries } from '../use-cases/claim-deliveries';
import { RenewClaims } from '../use-cases/renew-claims';
import { SettleDelivery } from '../use-cases/settle-delivery';
import { DeliveryBell } from './delivery-bell';

/** How many tries this process has under way. Endpoints that are failing have a room of their own: they never take up that of the others. */
const room = { working: 150, failing: 50 };
const lookEveryMs = 1_000;
/** A few times in each lease. */
const renewEveryMs = 1_500;
/** For so long what is under way may finish when the service stops. */
const partingMs = 5_000;
const settlingTries = 8;

const forgotten: Answer = { status: null, error: 'the event is no longer kept', latencyMs: 0, text: null, retryAfter: null };

/** Claims what is due and sends it; the loop goes on meanwhile, so a slow receiver holds up nobody else. */
@Injectable()
export class WebhookSender implements OnModuleDestroy {
  private readonly logger = new Logger(WebhookSender.name);
  private readonly underWay = new Map<Promise<void>, Claimed>();
  private readonly stopping = new AbortController();
  private readonly loop: { wake(): void };

  constructor(
    background: Background,
    bell: DeliveryBell,
    private readonly commands: CommandBus,
    private readonly secrets: EndpointSecrets,
    private readonly receiver: Receiver,
  ) {
    this.loop = background.add(
      'webhooks',
      lookEveryMs,
      () => this.claim(),
      () => this.finish(),
    );
    background.add('webhook claims', renewEveryMs, () => this.renew());
    bell.answer(() => this.loop.wake());
  }

  private async claim(): Promise<boolean> {
    const failing = [...this.underWay.values()].filter((one) => one.failing).length;
    const free = { working: room.working - (this.underWay.size - failing), failing: room.failing - failing };
    const claimed = await this.commands.execute(new ClaimDeliveries(allBrands, free));
    for (const one of claimed) this.begin(one);
    return claimed.length > 0;
  }

  private async renew(): Promise<false> {
    if (this.underWay.size > 0) await this.commands.execute(new RenewClaims(allBrands, [...this.underWay.values()]));
    return false;
  }

  private begin(claimed: Claimed): void {
    const sent = this.deliver(claimed)
      .catch((error: Error) => {
        // Nothing was written down: it is done again when the lease is over.
        if (!this.stopping.signal.aborted) this.logger.error(`${publicId('webhookDelivery', claimed.id)}: ${error.stack ?? error.message}`);
      })
      .finally(() => {
        this.underWay.delete(sent);
        this.loop.wake();
      });
    this.underWay.set(sent, claimed);
  }

  private async deliver(claimed: Claimed): Promise<void> {
    const answer = await this.send(claimed);
    for (let tries = 1; ; tries++) {
      try {
        await this.commands.execute(new SettleDelivery(claimed, answer, Math.random()));
        return;
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
    const opened = secrets.map((sealed) => this.secrets.open(endpointId, sealed));
    return this.receiver.send({ url, headers: headersOf(event, body, opened, claimedAt), body }, this.stopping.signal);
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
