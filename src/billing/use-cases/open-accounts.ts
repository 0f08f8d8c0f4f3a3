import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { BillingAccountState } from '../domain/billing-account';
import { BillingNotSetUp } from '../domain/errors';
import { AccountSecrets } from '../ports/account-secrets';
import { BillingAccounts } from '../ports/billing-accounts';
import type { AccountAccess } from '../ports/payments';

/** Opens the account of a brand for use, in a unit of work of its own or in the caller's. */
@Injectable()
export class OpenAccounts {
  constructor(
    private readonly work: UnitOfWork,
    private readonly accounts: BillingAccounts,
    private readonly secrets: AccountSecrets,
    private readonly clock: Clock,
  ) {}

  /** @throws BillingNotSetUp */
  access(brandId: BrandId): Promise<AccountAccess> {
    return this.work.run(brandId, async () => this.opened(await this.get(brandId)));
  }

  /** What the account allows, together with what opens it. @throws BillingNotSetUp */
  both(brandId: BrandId): Promise<{ readonly account: BillingAccountState; readonly access: AccountAccess }> {
    return this.work.run(brandId, async () => {
      const account = await this.get(brandId);
      return { account, access: this.opened(account) };
    });
  }

  private async get(brandId: BrandId): Promise<BillingAccountState> {
    const account = await this.accounts.find(brandId);
    if (!account) throw new BillingNotSetUp();
    return account.state;
  }

  private opened({ brandId, secretKey, webhookSecret, previousWebhookSecret, previousUntil }: BillingAccountState): AccountAccess {
    const isOverlapping = previousUntil !== null && previousUntil > this.clock.now();
    const sealed = [webhookSecret, ...(isOverlapping && previousWebhookSecret ? [previousWebhookSecret] : [])];
    return {
      brandId,
      secretKey: this.secrets.open(brandId, 'secret key', secretKey),
      webhookSecrets: sealed.map((secret) => this.secrets.open(brandId, 'webhook secret', secret)),
    };
  }
}
