import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { CannotOpen } from '../../../libs/vault/vault';
import { BrandDirectory } from '../../brands';
import { BillingNotSetUp } from '../domain/errors';
import { AccountSecrets, type SecretPurpose } from '../ports/account-secrets';
import { BillingAccounts } from '../ports/billing-accounts';
import { type AccountView, GetBillingAccount } from '../use-cases/get-billing-account';
import { GetStorefront, type Storefront } from '../use-cases/get-storefront';

@QueryHandler(GetBillingAccount)
export class PostgresGetBillingAccount implements IQueryHandler<GetBillingAccount> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly accounts: BillingAccounts,
    private readonly secrets: AccountSecrets,
  ) {}

  async execute({ brandId }: GetBillingAccount): Promise<AccountView> {
    const account = await this.work.run(brandId, () => this.accounts.find(brandId));
    if (!account) throw new BillingNotSetUp();
    const { state } = account;
    return {
      state,
      secretKey: this.hint(brandId, 'secret key', state.secretKey),
      webhookSecret: this.hint(brandId, 'webhook secret', state.webhookSecret),
    };
  }

  private hint(brandId: BrandId, purpose: SecretPurpose, sealed: Buffer): string | null {
    try {
      return hintOf(this.secrets.open(brandId, purpose, sealed));
    } catch (error) {
      if (error instanceof CannotOpen) return null;
      throw error;
    }
  }
}

/** What kind of secret it is, and its last four characters. */
const hintOf = (secret: string): string => `${/^(?:[a-z]+_)(?:(?:test|live)_)?/.exec(secret)?.[0] ?? ''}…${secret.slice(-4)}`;

@QueryHandler(GetStorefront)
export class PostgresGetStorefront implements IQueryHandler<GetStorefront> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly brands: BrandDirectory,
    private readonly accounts: BillingAccounts,
  ) {}

  execute({ brandId }: GetStorefront): Promise<Storefront> {
    return this.work.run(brandId, async () => {
      const { slug, name } = await this.brands.get(brandId);
      const account = await this.accounts.find(brandId);
      return { slug, name, publishableKey: account?.state.publishableKey ?? null, links: account?.state.links ?? {} };
    });
  }
}
