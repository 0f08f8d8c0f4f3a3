import { Injectable } from '@nestjs/common';
import { EntitySchema, type FindOptionsWhere, In, LessThanOrEqual } from 'typeorm';
import { type AllBrands, type BrandId, isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { violatedUnique } from '../../../libs/persistence/sql-state';
import { AlreadyLicensed } from '../domain/errors';
import { License, type LicenseState } from '../domain/license';
import { type LicenseName, Licenses } from '../ports/licenses';

export const licenseTable = new EntitySchema<LicenseState>({
  name: 'license',
  tableName: 'licenses',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    licenseKeyId: { type: 'uuid' },
    productId: { type: 'uuid' },
    productCode: { type: 'text' },
    customerEmail: { type: 'text' },
    status: { type: 'text' },
    startsAt: { type: 'timestamptz', nullable: true },
    expiresAt: { type: 'timestamptz', nullable: true },
    graceDays: { type: 'int' },
    seatLimit: { type: 'int', nullable: true },
    seatsUsed: { type: 'int' },
    seatCeiling: { type: 'int', nullable: true },
    entitlements: { type: 'jsonb' },
    metadata: { type: 'jsonb' },
    origin: { type: 'jsonb' },
    renews: { type: 'bool' },
    noticedUntil: { type: 'timestamptz' },
    nextNoticeAt: { type: 'timestamptz', nullable: true },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
  },
});

@Injectable()
export class PostgresLicenses implements Licenses {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  find(reach: Reach, id: string): Promise<LicenseState | null> {
    return this.db.manager.findOne(licenseTable, { where: { id, ...(!isAllBrands(reach) && { brandId: reach }) } });
  }

  hold(brandId: BrandId, id: string): Promise<License | null> {
    return this.holdFirst({ brandId, id });
  }

  async holdOfKey(brandId: BrandId, licenseKeyId: string, productCode: string): Promise<License | null> {
    // First which one, then its lock: a locking statement that sorts would judge rows by what they were before the wait.
    const [first] = (await this.ofKey(brandId, licenseKeyId)).filter((license) => license.productCode === productCode);
    return first ? this.holdFirst({ brandId, id: first.id }) : null;
  }

  async ofKey(brandId: BrandId, licenseKeyId: string): Promise<LicenseState[]> {
    const rows = await this.db.manager.find(licenseTable, { where: { brandId, licenseKeyId }, order: { id: 'DESC' } });
    return rows.sort((a, b) => Number(a.status === 'cancelled') - Number(b.status === 'cancelled'));
  }

  due(_reach: AllBrands, at: Date, limit: number): Promise<LicenseName[]> {
    const sql = 'select brand_id as "brandId", id from licenses where next_notice_at <= $1 order by next_notice_at limit $2';
    return this.db.manager.query<LicenseName[]>(sql, [at, limit]);
  }

  async holdDue(brandId: BrandId, ids: readonly string[], at: Date): Promise<License[]> {
    const rows = await this.db.manager.find(licenseTable, {
      where: { brandId, id: In(ids), nextNoticeAt: LessThanOrEqual(at) },
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
    return rows.map((row) => new License(row));
  }

  async makeDue(_reach: AllBrands, at: Date, after: LicenseName | null, limit: number): Promise<LicenseName | null> {
    const [last] = await this.db.manager.query<LicenseName[]>(
      `with batch as (
         select brand_id, id from licenses where $2::uuid is null or (brand_id, id) > ($2, $3) order by brand_id, id limit $4
       ), made_due as (
         update licenses set next_notice_at = $1 from batch
          where licenses.brand_id = batch.brand_id and licenses.id = batch.id and status <> 'cancelled'
            and expires_at + make_interval(hours => 24 * grace_days) > $1 and (next_notice_at is null or next_notice_at > $1)
       )
       select brand_id as "brandId", id from batch order by brand_id desc, id desc limit 1`,
      [at, after?.brandId, after?.id, limit],
    );
    return last ?? null;
  }

  async save(license: License): Promise<void> {
    try {
      await this.outbox.save(licenseTable, license, ['brandId', 'id']);
    } catch (error) {
      if (violatedUnique(error) === 'licenses_one_per_product') throw new AlreadyLicensed(license.state.productCode);
      throw error;
    }
  }

  private async holdFirst(where: FindOptionsWhere<LicenseState>): Promise<License | null> {
    const row = await this.db.manager.findOne(licenseTable, { where, lock: { mode: 'pessimistic_write' } });
    return row && new License(row);
  }
}
