import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsNull, LessThan } from 'typeorm';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import { LicenseDesk } from '../../licenses';
import type { ActivationState } from '../domain/activation';
import { ListActivations } from '../use-cases/list-activations';
import { activationTable } from './postgres-activations';

@QueryHandler(ListActivations)
export class PostgresListActivations implements IQueryHandler<ListActivations> {
  constructor(
    private readonly db: Database,
    private readonly licenses: LicenseDesk,
  ) {}

  execute({ reach, licenseId, includeEnded, cut }: ListActivations): Promise<Page<ActivationState>> {
    return this.db.run(reach, async () => {
      const where = {
        brandId: await this.licenses.brandOf(reach, licenseId),
        licenseId,
        ...(!includeEnded && { deactivatedAt: IsNull() }),
        ...(cut.after !== null && { id: LessThan(cut.after) }),
      };
      return pageOf(await this.db.manager.find(activationTable, { where, order: { id: 'DESC' }, take: cut.limit + 1 }), cut);
    });
  }
}
