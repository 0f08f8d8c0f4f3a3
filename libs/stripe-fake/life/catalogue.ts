import type { Ledger } from './ledger';
import { makePrice, makeProduct, type PriceTerms } from '../objects/make-catalogue';
import type { FakePrice } from '../objects/objects';

export interface NewPrice extends Partial<Omit<PriceTerms, 'product'>> {
  readonly product?: string;
  readonly productName?: string;
}

export function addPrice(ledger: Ledger, { productName, ...terms }: NewPrice): FakePrice {
  const name = productName ?? terms.nickname ?? terms.id ?? 'Product';
  const product = terms.product ?? ledger.add(ledger.products, makeProduct(ledger.now(), { name }), 'product.created').id;
  const interval = terms.interval === undefined ? 'month' : terms.interval;
  const whole: PriceTerms = { amount: 1000, currency: 'usd', ...terms, product, interval };
  return ledger.add(ledger.prices, makePrice(ledger.now(), whole), 'price.created');
}

/** The price of that id, made up when nobody has seen it: a stranger's plan can be tried without a catalogue. */
export function priceFor(ledger: Ledger, id: string, mode: 'subscription' | 'payment'): FakePrice {
  const interval = mode === 'payment' ? null : id.includes('year') ? 'year' : 'month';
  return ledger.prices.get(id) ?? addPrice(ledger, { id, interval });
}
