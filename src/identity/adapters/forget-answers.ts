import { Injectable } from '@nestjs/common';
import { KeptAnswers } from '../../../libs/http/kept-answers';
import { Jobs, Retention } from '../../../libs/messaging/jobs';
import { allBrands } from './all-brands';

/** Forgets what requests with an Idempotency-Key were answered, once nobody sends them again. */
@Injectable()
export class ForgetAnswers {
  constructor(jobs: Jobs, answers: KeptAnswers, { idempotencyHours }: Retention) {
    jobs.add({ name: 'idempotency keys', everySeconds: 600, work: () => answers.forget(allBrands, idempotencyHours) });
  }
}
