import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { type KeyInHand, type Question, type Verification, verify } from '../../licenses';
import { type HeldSeat, Records } from '../ports/records';

/** May this run? Takes no seat and changes nothing. */
export class VerifyLicense extends Query<Verification<HeldSeat>> {
  constructor(
    readonly key: KeyInHand,
    readonly question: Question,
  ) {
    super();
  }
}

@QueryHandler(VerifyLicense)
export class VerifyLicenseHandler implements IQueryHandler<VerifyLicense> {
  constructor(private readonly records: Records) {}

  async execute({ key, question }: VerifyLicense): Promise<Verification<HeldSeat>> {
    const { evidence, seats, at } = await this.records.about(key, question.instanceId);
    return verify(evidence, question, seats, at);
  }
}
