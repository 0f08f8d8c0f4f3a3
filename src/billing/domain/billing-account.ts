import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { publicId } from '../../../libs/kernel/id';
import { BillingAccountUpdated } from './events';

/** Links that a pricing page shows. */
export type BillingLinks = Readonly<Record<string, string>>;

export interface BillingAccountState {
  readonly brandId: BrandId;
  /** Sealed. */
  readonly secretKey: Buffer;
  /** Whether it moves real money. */
  readonly livemode: boolean;
  readonly publishableKey: string;
  /** Sealed. */
  readonly webhookSecret: Buffer;
  /** The one before, while the provider may still sign with it. */
  readonly previousWebhookSecret: Buffer | null;
  readonly previousUntil: Date | null;
  /** Hosts to which a customer may be sent back, like `shop.example` or `localhost:8080`. */
  readonly allowedHosts: string[];
  readonly links: BillingLinks;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What is set; absent stays as it is. Secrets are sealed. */
export interface AccountChange {
  readonly secretKey?: Buffer;
  readonly livemode?: boolean;
  readonly publishableKey?: string;
  readonly webhookSecret?: Buffer;
  readonly allowedHosts?: string[];
  readonly links?: BillingLinks;
}

/** A brand's own account at the payment provider. */
export class BillingAccount extends Aggregate<BillingAccountState> {
  static open(brandId: BrandId, given: Required<AccountChange>, at: Date): BillingAccount {
    const account = new BillingAccount({
      brandId,
      ...given,
      previousWebhookSecret: null,
      previousUntil: null,
      version: 1,
      createdAt: at,
      updatedAt: at,
    });
    account.record(new BillingAccountUpdated(brandId, at, account.facts()));
    return account;
  }

  /** Another webhook secret: for the overlap the one before is good as well. To what is there already changes nothing. */
  update(change: AccountChange, overlapSeconds: number, at: Date): void {
    if (!this.alters(change)) return;
    const rolled = change.webhookSecret && {
      previousWebhookSecret: this.state.webhookSecret,
      previousUntil: secondsAfter(at, overlapSeconds),
    };
    this.change({ ...change, ...rolled, version: this.state.version + 1, updatedAt: at });
    this.record(new BillingAccountUpdated(this.state.brandId, at, this.facts()));
  }

  private facts() {
    const { brandId, version, livemode, allowedHosts } = this.state;
    return { id: publicId('brand', brandId), version, livemode, allowed_hosts: allowedHosts };
  }
}
