import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { daysAfter } from '../../../libs/kernel/clock';
import { Jobs, Retention } from '../../../libs/messaging/jobs';
import { Database } from '../../../libs/persistence/database';
import { allBrands } from '../../identity';
import type { EventTransport } from '../ports/event-transport';
import { transports } from './relay';

const atOnce = 1_000;

/** Forgets events whose time is over and that every outlet has. */
@Injectable()
export class ForgetEvents implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
    private readonly retention: Retention,
    @Inject(transports) private readonly outlets: readonly EventTransport[],
  ) {}

  onModuleInit(): void {
    this.jobs.add({ name: 'forget events', everySeconds: 3_600, work: () => this.forgetSome() });
  }

  forgetSome(): Promise<boolean> {
    return this.db.run(allBrands, async () => {
      const [, count] = await this.db.manager.query<[unknown, number]>(
        `delete from outbox_events where (brand_id, id) in (
           select e.brand_id, e.id from outbox_events e
            where e.occurred_at < $1 and e.sequence is not null
              and (select count(*) from event_cursors c where c.brand_id = e.brand_id and c.outlet = any ($2) and c.sequence >= e.sequence) = $3
              and not exists (select from event_set_asides a where a.brand_id = e.brand_id and a.event_id = e.id and a.resolved_at is null)
            order by e.occurred_at limit ${atOnce})`,
        [daysAfter(this.db.now(), -this.retention.eventsDays), this.outlets.map(({ name }) => name), this.outlets.length],
      );
      return count === atOnce;
    });
  }
}
