import { Injectable } from '@nestjs/common';
import { EntitySchema, In, MoreThan } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { LicenseKey, type LicenseKeyState } from '../domain/license-key';
import { LicenseKeys } from '../ports/license-keys';

export const licenseKeyTable = new EntitySchema<LicenseKeyState>({
  name: 'license_key',
  tableName: 'license_keys',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    hash: { type: 'bytea' },
    pepperVersion: { type: 'int' },
    previousHash: { type: 'bytea', nullable: true },
    previousUntil: { type: 'timestamptz', nullable: true },
    hint: { type: 'text' },
    customerEmail: { type: 'text' },
    createdAt: { type: 'timestamptz' },
    reissuedAt: { type: 'timestamptz', nullable: true },
  },
});

@Injectable()
export class PostgresLicenseKeys implements LicenseKeys {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async hold(brandId: BrandId, id: string): Promise<LicenseKey | null> {
    const row = await this.db.manager.findOne(licenseKeyTable, { where: { brandId, id }, lock: { mode: 'pessimistic_write' } });
    return row && new LicenseKey(row);
  }

  async find(brandId: BrandId, hashes: readonly Buffer[], at: Date): Promise<LicenseKey | null> {
    const any = In(hashes as Buffer[]);
    const where = [
      { brandId, hash: any },
      { brandId, previousHash: any, previousUntil: MoreThan(at) },
    ];
    const row = await this.db.manager.findOne(licenseKeyTable, { where });
    return row && new LicenseKey(row);
  }

  save(key: LicenseKey): Promise<void> {
    return this.outbox.save(licenseKeyTable, key, ['brandId', 'id']);
  }
}
