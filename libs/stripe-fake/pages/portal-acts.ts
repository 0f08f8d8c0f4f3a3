import type { FakeAccount } from '../account';
import { ApiError } from '../objects/api-error';
import type { Card } from '../objects/objects';
import type { Params } from '../api/params';

/** What a customer does in the portal; only to what is his. */
export async function portalAct(account: FakeAccount, portalId: string, params: Params): Promise<string | null> {
  const { ledger } = account;
  const { customer } = ledger.get(ledger.portalSessions, portalId);
  const action = params.needed('action');
  if (action.startsWith('card_')) {
    account.setCard(customer, action.slice('card_'.length) as Card);
    await account.settled();
    return null;
  }
  const own = <T extends { customer: string }>(object: T): T => {
    if (object.customer !== customer) throw new ApiError(404, 'That belongs to somebody else.');
    return object;
  };
  if (action === 'pay') {
    await account.payOpenInvoice(own(ledger.get(ledger.invoices, params.needed('invoice'))).id);
    return null;
  }
  const { id } = own(ledger.get(ledger.subscriptions, params.needed('subscription')));
  if (action === 'cancel_now') await account.cancelSubscription(id);
  if (action === 'cancel_at_period_end') await account.updateSubscription(id, { cancel_at_period_end: true });
  if (action === 'resume') await account.updateSubscription(id, { cancel_at_period_end: false });
  if (action === 'quantity') await account.updateSubscription(id, { quantity: positive(params) });
  return null;
}

function positive(params: Params): number {
  const quantity = params.integer('quantity') ?? 0;
  if (quantity < 1) throw params.wrong('quantity', 'The quantity is at least 1.');
  return quantity;
}
