import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { LessThan } from 'typeorm';
import { isAllBrands } from '../../../libs/kernel/brand-id';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import { LicenseNotFound } from '../domain/errors';
import type { LicenseState } from '../domain/license';
import { Licenses } from '../ports/licenses';
import { FindLicenses } from '../use-cases/find-licenses';
import { GetLicense } from '../use-cases/get-license';
import { licenseTable } from './postgres-licenses';

@QueryHandler(FindLicenses)
export class PostgresFindLicenses implements IQueryHandler<FindLicenses> {
  constructor(private readonly db: Database) {}

  execute({ reach, filter, cut }: FindLicenses): Promise<Page<LicenseState>> {
    const { customerEmail, productCode, status, expiresBefore } = filter;
    const where = {
      ...(!isAllBrands(reach) && { brandId: reach }),
      ...(customerEmail !== undefined && { customerEmail }),
      ...(productCode !== undefined && { productCode }),
      ...(status !== undefined && { status }),
      ...(expiresBefore !== undefined && { expiresAt: LessThan(expiresBefore) }),
      ...(cut.after !== null && { id: LessThan(cut.after) }),
    };
    return this.db.run(reach, async () =>
      pageOf(await this.db.manager.find(licenseTable, { where, order: { id: 'DESC' }, take: cut.limit + 1 }), cut),
    );
  }
}

@QueryHandler(GetLicense)
export class PostgresGetLicense implements IQueryHandler<GetLicense> {
  constructor(
    private readonly db: Database,
    private readonly licenses: Licenses,
  ) {}

  async execute({ reach, id }: GetLicense): Promise<LicenseState> {
    const license = await this.db.run(reach, () => this.licenses.find(reach, id));
    if (!license) throw new LicenseNotFound();
    return license;
  }
}
