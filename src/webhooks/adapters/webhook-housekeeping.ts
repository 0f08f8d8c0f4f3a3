import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { daysAfter } from '../../../libs/kernel/clock';
import { Background } from '../../../libs/messaging/background';
import { Jobs, Retention } from '../../../libs/messaging/jobs';
import { Database } from '../../../libs/persistence/database';
import { allBrands } from '../../identity';
import { WebhookEndpointDeleted, WebhookEndpointDisabled, WebhookEndpointEnabled } from '../domain/events';

const atOnce = 1_000;
const switchings = [WebhookEndpointDisabled, WebhookEndpointDeleted, WebhookEndpointEnabled];

/** Forgets what was sent and answered long ago, and ends what waits in vain. */
@Injectable()
export class WebhookHousekeeping implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
    private readonly retention: Retention,
    private readonly background: Background,
    private readonly signals: EventBus,
  ) {}

  onModuleInit(): void {
    this.jobs.add({ name: 'forget webhook deliveries', everySeconds: 3_600, work: () => this.forgetDeliveries() });
    this.jobs.add({ name: 'forget webhook answers', everySeconds: 3_600, work: () => this.forgetAnswers() });
    const strays = this.background.add('stray webhooks', 60_000, () => this.cancelStrays());
    this.signals.subscribe((event) => switchings.some((kind) => event instanceof kind) && strays.wake());
  }

  /** With their attempts. */
  forgetDeliveries(): Promise<boolean> {
    return this.batch(
      `delete from webhook_deliveries where (brand_id, id) in (
         select brand_id, id from webhook_deliveries where settled_at < $1 order by settled_at limit ${atOnce} for update skip locked)`,
      () => daysAfter(this.db.now(), -this.retention.deliveriesDays),
    );
  }

  forgetAnswers(): Promise<boolean> {
    return this.batch(
      `update webhook_attempts set answer = null where (brand_id, delivery_id, number) in (
         select brand_id, delivery_id, number from webhook_attempts
          where answer is not null and attempted_at < $1 order by attempted_at limit ${atOnce} for update skip locked)`,
      () => daysAfter(this.db.now(), -this.retention.answersDays),
    );
  }

  /**
   * What waits for an endpoint that was disabled or deleted, or enabled again since: nobody claims it. There may be more of it than one
   * statement has the time for, so it is not done where the endpoint is switched.
   */
  cancelStrays(): Promise<boolean> {
    return this.batch(
      `update webhook_deliveries set status = 'cancelled', next_attempt_at = null, lease = null, leased_until = null, settled_at = $1
        where (brand_id, id) in (
          select d.brand_id, d.id from webhook_endpoints e cross join lateral (
            select brand_id, id from webhook_deliveries d
             where d.brand_id = e.brand_id and d.endpoint_id = e.id and d.status = 'pending' and (e.status = 'disabled' or d.created_at < e.enabled_at)
             limit ${atOnce} for update skip locked) d
           limit ${atOnce})`,
      () => this.db.now(),
    );
  }

  private batch(sql: string, at: () => Date): Promise<boolean> {
    return this.db.run(allBrands, async () => {
      const [, count] = await this.db.manager.query<[unknown, number]>(sql, [at()]);
      return count === atOnce;
    });
  }
}
