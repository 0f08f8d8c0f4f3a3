import type { Ledger } from './ledger';
import { makePaymentMethod } from '../objects/make-customer';
import type { Card, FakeCustomer } from '../objects/objects';
import { endSubscription, isOver } from './subscriptions';

/** The customer gives another card, which from now on pays for everything. */
export function setCard(ledger: Ledger, customer: FakeCustomer, card: Card): void {
  ledger.cards.set(customer.id, card);
  const method = makePaymentMethod(ledger.now(), customer, card);
  ledger.add(ledger.paymentMethods, method, 'payment_method.attached');
  const invoice_settings = { ...customer.invoice_settings, default_payment_method: method.id };
  ledger.change(customer, { invoice_settings }, 'customer.updated');
  for (const subscription of ledger.subscriptions.values()) {
    if (subscription.customer === customer.id && !isOver(subscription)) ledger.alter(subscription, { default_payment_method: method.id });
  }
}

export function deleteCustomer(ledger: Ledger, customer: FakeCustomer): void {
  for (const subscription of ledger.subscriptions.values()) {
    if (subscription.customer === customer.id && !isOver(subscription)) endSubscription(ledger, subscription);
  }
  ledger.deletedCustomers.add(customer.id);
  ledger.tell('customer.deleted', customer);
}
