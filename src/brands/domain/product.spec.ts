import { acme, aProduct, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import { Product } from './product';

describe('A product', () => {
  it('gives one seat for a year without grace, unless it is told otherwise', () => {
    const { state } = Product.create(acme, { code: 'pro', name: 'Pro' }, noon);
    expect(state).toMatchObject({ seatLimit: 1, durationDays: 365, graceDays: 0, entitlements: {}, metadata: {}, status: 'active' });
  });

  it('may give seats without limit, for life', () => {
    const product = Product.create(acme, { code: 'pro', name: 'Pro', seatLimit: null, durationDays: null, graceDays: 7 }, noon);
    expect(product.state).toMatchObject({ seatLimit: null, durationDays: null, graceDays: 7 });
    expect(happened(product)).toEqual(['product.created']);
  });

  it('keeps what a change does not name, merges notes and replaces entitlements', () => {
    const product = aProduct({ metadata: { a: '1', b: '2' }, entitlements: { updates: true } });
    product.update({ status: 'archived', seatLimit: null, entitlements: { sites: 5 }, metadata: { b: null } }, inDays(1));
    expect(product.state).toMatchObject({
      ...{ name: 'Pro', code: 'pro', durationDays: 365, status: 'archived', seatLimit: null, version: 2 },
      entitlements: { sites: 5 },
      metadata: { a: '1' },
    });
    expect(happened(product)).toEqual(['product.updated']);
  });

  it('stays as it is when told what it is already', () => {
    const product = aProduct();
    product.update({ seatLimit: 3, durationDays: 365, entitlements: { updates: true } }, inDays(1));
    expect([product.state.version, product.state.updatedAt, happened(product)]).toEqual([1, noon, []]);
  });
});
