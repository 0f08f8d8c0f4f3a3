import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ensureComplete, ensureOneMode, ensureReachable, isLive } from '../domain/account-rules';
import { BillingAccount, type BillingAccountState, type BillingLinks } from '../domain/billing-account';
import { AccountSecrets, type SecretPurpose } from '../ports/account-secrets';
import { BillingAccounts } from '../ports/billing-accounts';
import { StripeAddress } from '../ports/stripe-address';

/** What is set; absent stays as it is. The first time all keys are needed. */
export interface GivenAccount {
  readonly secretKey?: string;
  readonly publishableKey?: string;
  readonly webhookSecret?: string;
  readonly allowedHosts?: string[];
  readonly links?: BillingLinks;
}

/** Sets a brand's own account at the payment provider, or changes it. For the overlap the webhook secret before is good as well. */
export class SetBillingAccount extends Command<BillingAccountState> {
  constructor(
    readonly brandId: BrandId,
    readonly given: GivenAccount,
    readonly overlapSeconds: number,
  ) {
    super();
  }
}

@CommandHandler(SetBillingAccount)
export class SetBillingAccountHandler implements ICommandHandler<SetBillingAccount> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly accounts: BillingAccounts,
    private readonly secrets: AccountSecrets,
    private readonly address: StripeAddress,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, given, overlapSeconds }: SetBillingAccount): Promise<BillingAccountState> {
    if (given.secretKey !== undefined) ensureReachable(given.secretKey, this.address.fakeUrl !== null);
    return this.work.run(brandId, async () => {
      const present = await this.accounts.hold(brandId);
      const account = present ?? this.open(brandId, given);
      if (present) this.change(present, given, overlapSeconds);
      await this.accounts.save(account);
      return account.state;
    });
  }

  private open(brandId: BrandId, given: GivenAccount): BillingAccount {
    ensureComplete(given);
    const { secretKey, publishableKey, webhookSecret, allowedHosts = [], links = {} } = given;
    const livemode = isLive(secretKey);
    ensureOneMode(livemode, publishableKey, 'publishableKey');
    const sealed = {
      secretKey: this.secrets.seal(brandId, 'secret key', secretKey),
      webhookSecret: this.secrets.seal(brandId, 'webhook secret', webhookSecret),
    };
    return BillingAccount.open(brandId, { ...sealed, livemode, publishableKey, allowedHosts, links }, this.clock.now());
  }

  private change(account: BillingAccount, given: GivenAccount, overlapSeconds: number): void {
    const { brandId, ...present } = account.state;
    const { secretKey, webhookSecret, ...open } = given;
    const livemode = secretKey === undefined ? present.livemode : isLive(secretKey);
    const publishableKey = open.publishableKey ?? present.publishableKey;
    ensureOneMode(livemode, publishableKey, open.publishableKey === undefined ? 'secretKey' : 'publishableKey');
    /** Sealed anew only if it is another: the same one again must not end the overlap with the one before. */
    const sealed = (purpose: SecretPurpose, before: Buffer, text?: string): Buffer | null =>
      text === undefined || this.secrets.holds(brandId, purpose, before, text) ? null : this.secrets.seal(brandId, purpose, text);
    const [newKey, newSecret] = [
      sealed('secret key', present.secretKey, secretKey),
      sealed('webhook secret', present.webhookSecret, webhookSecret),
    ];
    const change = { ...open, livemode, ...(newKey && { secretKey: newKey }), ...(newSecret && { webhookSecret: newSecret }) };
    account.update(change, overlapSeconds, this.clock.now());
  }
}
