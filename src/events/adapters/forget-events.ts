import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { daysAfter } from '../../../libs/kernel/clock';
import { Jobs, Retention } from '../../../libs/messaging/jobs';
import { Database } from '../../../libs/persistence/database';
import type { EventTransport } from '../ports/event-transport';
import { PostgresEventLog } from './postgres-event-log';
import { transports } from './relay';

const atOnce = 1_000;

/** Forgets events whose time is over and that every outlet has. */
@Injectable()
export class ForgetEvents implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly log: PostgresEventLog,
    private readonly jobs: Jobs,
    private readonly retention: Retention,
    @Inject(transports) private readonly outlets: readonly EventTransport[],
  ) {}

  onModuleInit(): void {
    this.jobs.add({ name: 'forget events', everySeconds: 3_600, work: () => this.forgetSome() });
  }

  /** Of each brand the oldest, as far as every outlet has them. */
  async forgetSome(): Promise<boolean> {
    const brands = await this.log.numbered();
    let more = false;
    for (const brandId of brands) more = (await this.forgetOf(brandId)) || more;
    return more;
  }

  private forgetOf(brandId: BrandId): Promise<boolean> {
    return this.db.run(brandId, async () => {
      const names = this.outlets.map(({ name }) => name);
      const [, count] = await this.db.manager.query<[unknown, number]>(
        `delete from outbox_events where brand_id = $1 and id in (
           select id from (
             select id, occurred_at from outbox_events where brand_id = $1 and sequence <= (
               select case when count(*) = cardinality($2::text[]) then min(sequence) end
                 from event_cursors where brand_id = $1 and outlet = any ($2)
             ) order by sequence limit ${atOnce}) oldest
            where occurred_at < $3
              and not exists (select from event_set_asides a where a.brand_id = $1 and a.event_id = oldest.id and a.resolved_at is null))`,
        [brandId, names, daysAfter(this.db.now(), -this.retention.eventsDays)],
      );
      return count === atOnce;
    });
  }
}
