import { Injectable, type OnModuleInit } from '@nestjs/common';
import { daysAfter } from '../../../libs/kernel/clock';
import { Jobs } from '../../../libs/messaging/jobs';
import { Database } from '../../../libs/persistence/database';
import { allBrands } from '../../identity';

const atOnce = 1_000;
/** For so long somebody may still retry a mail that has failed. */
const keptDays = 7;

/** Forgets license keys that were in mails nobody took. */
@Injectable()
export class MailHousekeeping implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
  ) {}

  onModuleInit(): void {
    this.jobs.add({ name: 'forget license keys of failed mails', everySeconds: 3_600, work: () => this.forgetKeys() });
  }

  forgetKeys(): Promise<boolean> {
    return this.db.run(allBrands, async () => {
      const [, count] = await this.db.manager.query<[unknown, number]>(
        `update mails set sealed = null where (brand_id, id) in (
           select brand_id, id from mails where status = 'failed' and sealed is not null and failed_at < $1
            order by failed_at limit ${atOnce} for update skip locked)`,
        [daysAfter(this.db.now(), -keptDays)],
      );
      return count === atOnce;
    });
  }
}
