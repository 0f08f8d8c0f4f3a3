import { Injectable, type OnModuleInit } from '@nestjs/common';
import { daysAfter } from '../../../libs/kernel/clock';
import { Jobs, Retention } from '../../../libs/messaging/jobs';
import { Database } from '../../../libs/persistence/database';
import { allBrands } from '../../identity';

const atOnce = 1_000;

/** Forgets what was sent and answered long ago, and ends what waits for an endpoint that nothing is sent to. */
@Injectable()
export class WebhookHousekeeping implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
    private readonly retention: Retention,
  ) {}

  onModuleInit(): void {
    this.jobs.add({ name: 'forget webhook deliveries', everySeconds: 3_600, work: () => this.forgetDeliveries() });
    this.jobs.add({ name: 'forget webhook answers', everySeconds: 3_600, work: () => this.forgetAnswers() });
    this.jobs.add({ name: 'cancel stray webhook deliveries', everySeconds: 60, work: () => this.cancelStrays() });
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

  /** An event that was queued in the moment in which its endpoint was disabled or deleted. */
  cancelStrays(): Promise<boolean> {
    return this.batch(
      `update webhook_deliveries set status = 'cancelled', next_attempt_at = null, lease = null, leased_until = null, settled_at = $1
        where (brand_id, id) in (
          select d.brand_id, d.id from webhook_endpoints e
            join webhook_deliveries d on d.brand_id = e.brand_id and d.endpoint_id = e.id and d.status = 'pending'
           where e.status = 'disabled' limit ${atOnce} for update of d skip locked)`,
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
