import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type KeyInHand, LicenseDesk, type Question, type Verification, verify } from '../../licenses';
import type { ActivationState } from '../domain/activation';
import { Activations } from '../ports/activations';

/** May this run? Takes no seat and changes nothing. */
export class VerifyLicense extends Query<Verification<ActivationState>> {
  constructor(
    readonly key: KeyInHand,
    readonly question: Question,
  ) {
    super();
  }
}

@QueryHandler(VerifyLicense)
export class VerifyLicenseHandler implements IQueryHandler<VerifyLicense> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly licenses: LicenseDesk,
    private readonly activations: Activations,
    private readonly clock: Clock,
  ) {}

  execute({ key, question }: VerifyLicense): Promise<Verification<ActivationState>> {
    return this.work.run(key.brandId, async () => {
      const evidence = await this.licenses.look(key);
      const ids = evidence?.licenses.map(({ id }) => id) ?? [];
      const { instanceId } = question;
      const seats = instanceId === undefined || ids.length === 0 ? [] : await this.activations.seatsOf(key.brandId, ids, instanceId);
      return verify(evidence, question, seats, this.clock.now());
    });
  }
}
