import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Buyer, News, ProviderEvent } from '../domain/facts';

/** What opens a brand's account at the provider. */
export interface AccountAccess {
  readonly brandId: BrandId;
  readonly secretKey: string;
  /** Those that the provider may sign with at present. */
  readonly webhookSecrets: readonly string[];
}

export interface CheckoutAsk {
  readonly mode: 'subscription' | 'payment';
  readonly planCode: string;
  readonly priceId: string;
  readonly quantity: number;
  readonly trialDays: number;
  readonly customerEmail: string | null;
  readonly successUrl: string;
  readonly cancelUrl: string;
  /** The same one again opens nothing new, and is answered the same. */
  readonly idempotencyKey: string;
}

export interface OpenedCheckout {
  readonly id: string;
  /** Where the customer pays. */
  readonly url: string;
  readonly expiresAt: Date | null;
  /** Whether the provider knew the idempotency key already. */
  readonly replayed: boolean;
}

/** One of the purchases of an account, as a list shows it. */
export interface Listed {
  readonly subject: string;
  readonly customerId: string | null;
}

/** The payment provider. Every question ends within ten seconds; what it throws says whether to ask again. */
export abstract class Payments {
  /**
   * Reads what came as an event, once it is known to be from the provider: signed with one of the secrets, within 300 s before or after now.
   * @throws SignatureRefused; what is signed but cannot be read is answered as `unreadable`, with an id of its own.
   */
  abstract receive(access: AccountAccess, body: Buffer, signature: string | undefined): ReceivedEvent;
  /** Reads an event that was received before. @throws UnreadableEvent */
  abstract read(body: Buffer): ProviderEvent;
  /** All of a purchase, as it is now; null: the provider does not know it. @throws ProviderAway */
  abstract look(access: AccountAccess, subject: string): Promise<News | null>;
  /** The purchase that a payment belongs to; null: none that we know how to find. @throws ProviderAway */
  abstract purchaseOf(access: AccountAccess, paymentId: string): Promise<string | null>;
  /** @throws ProviderAway, CheckoutRefused */
  abstract openCheckout(access: AccountAccess, ask: CheckoutAsk): Promise<OpenedCheckout>;
  /** Where a customer sees and changes what he has bought; with the same key the same place. @throws ProviderAway, CheckoutRefused */
  abstract openPortal(access: AccountAccess, customerId: string, returnUrl: string, idempotencyKey?: string): Promise<string>;
  /** A page of all subscriptions, newest first, whatever became of them; and of the payments made once since that time. @throws ProviderAway */
  abstract list(access: AccountAccess, since: Date, cursor: string | null): Promise<{ items: Listed[]; next: string | null }>;
  /** A customer and what he has bought, subscriptions first; null: unknown. @throws ProviderAway */
  abstract customer(access: AccountAccess, id: string): Promise<{ buyer: Buyer; subjects: string[] } | null>;
}

export interface ReceivedEvent {
  /** The provider's id, or one made from the body where it has none. */
  readonly id: string;
  readonly type: string;
  readonly createdAt: Date | null;
  /** The purchase or payment that it is about; null: none, or unreadable. */
  readonly subject: string | null;
  /** Why it cannot be read; null when it can. */
  readonly unreadable: string | null;
}
