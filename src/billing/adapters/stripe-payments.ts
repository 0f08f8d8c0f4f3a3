import { Injectable } from '@nestjs/common';
import type { Buyer, News, ProviderEvent } from '../domain/facts';
import { type AccountAccess, type CheckoutAsk, type Listed, type OpenedCheckout, Payments, type ReceivedEvent } from '../ports/payments';
import { Asking } from './stripe-asking';
import { openCheckout, openPortal } from './stripe-checkout';
import { StripeClients } from './stripe-clients';
import { readEvent, receivedEvent } from './stripe-events';
import { findCustomer, findPurchaseOf, listPurchases } from './stripe-finding';
import { lookAtCheckout, lookAtSubscription } from './stripe-look';
import { away, refusalOf } from './stripe-refusals';
import { isIdOf } from './stripe-shapes';
import { refuseUnsigned } from './stripe-signature';

/** Each brand's own account at Stripe, over its SDK. */
@Injectable()
export class StripePayments implements Payments {
  constructor(private readonly clients: StripeClients) {}

  receive({ webhookSecrets }: AccountAccess, body: Buffer, signature: string | undefined): ReceivedEvent {
    refuseUnsigned(body, signature, webhookSecrets);
    return receivedEvent(body);
  }

  read(body: Buffer): ProviderEvent {
    return readEvent(body);
  }

  async look(access: AccountAccess, subject: string): Promise<News | null> {
    if (isIdOf('sub', subject)) return this.asked(access, (ask) => lookAtSubscription(ask, subject));
    if (isIdOf('cs', subject)) return this.asked(access, (ask) => lookAtCheckout(ask, subject));
    return null;
  }

  async purchaseOf(access: AccountAccess, paymentId: string): Promise<string | null> {
    return isIdOf('pi', paymentId) ? this.asked(access, (ask) => findPurchaseOf(ask, paymentId)) : null;
  }

  openCheckout(access: AccountAccess, wanted: CheckoutAsk): Promise<OpenedCheckout> {
    return this.asked(access, (ask) => openCheckout(ask, wanted), refusalOf);
  }

  openPortal(access: AccountAccess, customerId: string, returnUrl: string, idempotencyKey?: string): Promise<string> {
    return this.asked(access, (ask) => openPortal(ask, customerId, returnUrl, idempotencyKey), refusalOf);
  }

  list(access: AccountAccess, since: Date, cursor: string | null): Promise<{ items: Listed[]; next: string | null }> {
    return this.asked(access, (ask) => listPurchases(ask, since, cursor));
  }

  async customer(access: AccountAccess, id: string): Promise<{ buyer: Buyer; subjects: string[] } | null> {
    return this.asked(access, (ask) => findCustomer(ask, id));
  }

  private async asked<T>({ secretKey }: AccountAccess, question: (ask: Asking) => Promise<T>, failure = away): Promise<T> {
    try {
      return await question(new Asking(this.clients.of(secretKey)));
    } catch (error) {
      throw failure(error);
    }
  }
}
