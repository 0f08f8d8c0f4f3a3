import { Injectable } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { BillingAccount, type BillingAccountState } from '../domain/billing-account';
import { BillingAccounts } from '../ports/billing-accounts';

export const billingAccountTable = new EntitySchema<BillingAccountState>({
  name: 'billing_account',
  tableName: 'billing_accounts',
  columns: {
    brandId: { type: 'uuid', primary: true },
    secretKey: { type: 'bytea' },
    livemode: { type: 'bool' },
    publishableKey: { type: 'text' },
    webhookSecret: { type: 'bytea' },
    previousWebhookSecret: { type: 'bytea', nullable: true },
    previousUntil: { type: 'timestamptz', nullable: true },
    allowedHosts: { type: 'text', array: true },
    links: { type: 'jsonb' },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
  },
});

@Injectable()
export class PostgresBillingAccounts implements BillingAccounts {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async find(brandId: BrandId): Promise<BillingAccount | null> {
    const row = await this.db.manager.findOne(billingAccountTable, { where: { brandId } });
    return row && new BillingAccount(row);
  }

  async hold(brandId: BrandId): Promise<BillingAccount | null> {
    // Also against its making: there is no row yet that could be locked.
    await this.db.manager.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`billing account of ${brandId}`]);
    const row = await this.db.manager.findOne(billingAccountTable, { where: { brandId }, lock: { mode: 'pessimistic_write' } });
    return row && new BillingAccount(row);
  }

  save(account: BillingAccount): Promise<void> {
    return this.outbox.save(billingAccountTable, account, ['brandId']);
  }

  async brands(_reach: AllBrands): Promise<BrandId[]> {
    const rows = await this.db.manager.find(billingAccountTable, { select: { brandId: true }, order: { brandId: 'ASC' } });
    return rows.map(({ brandId }) => brandId);
  }
}
