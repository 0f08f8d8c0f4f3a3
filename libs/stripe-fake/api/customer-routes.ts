import type { Call, Route } from './call';
import { addPrice } from '../life/catalogue';
import { noSuch } from '../objects/api-error';
import { page, where } from './listing';
import { makeProduct } from '../objects/make-catalogue';
import { makeCustomer } from '../objects/make-customer';
import type { FakeCustomer } from '../objects/objects';
import type { Params } from './params';
import { deleteCustomer } from '../life/people';

const living = ({ ledger, id }: Call): FakeCustomer => {
  if (ledger.deletedCustomers.has(id)) throw noSuch('cus', id);
  return ledger.get(ledger.customers, id);
};

const fieldsOf = (params: Params): Partial<FakeCustomer> => ({
  ...(['email', 'name', 'phone', 'description'] as const).reduce((fields, name) => {
    const value = params.text(name);
    return value === undefined ? fields : { ...fields, [name]: value === '' ? null : value };
  }, {}),
});

const isFlag = (params: Params, name: string) => params.flag(name)?.toString();

export const customerRoutes: Route[] = [
  [
    'POST',
    '/customers',
    ({ ledger, params }) => {
      const fields = { ...fieldsOf(params), metadata: params.metadata() };
      return ledger.add(ledger.customers, makeCustomer(ledger.now(), fields), 'customer.created');
    },
  ],
  [
    'GET',
    '/customers/:id',
    (call) => (call.ledger.deletedCustomers.has(call.id) ? { id: call.id, object: 'customer', deleted: true } : living(call)),
  ],
  [
    'POST',
    '/customers/:id',
    (call) => {
      const customer = living(call);
      const fields = { ...fieldsOf(call.params), metadata: call.params.metadata(customer.metadata) };
      call.ledger.change(customer, fields, 'customer.updated');
      return customer;
    },
  ],
  [
    'DELETE',
    '/customers/:id',
    (call) => {
      deleteCustomer(call.ledger, living(call));
      return { id: call.id, object: 'customer', deleted: true };
    },
  ],
  [
    'GET',
    '/customers',
    ({ ledger, params }) => {
      const alive = [...ledger.customers.values()].filter(({ id }) => !ledger.deletedCustomers.has(id));
      return page(
        where(alive, params.text('email'), ({ email }) => email),
        params,
        '/v1/customers',
      );
    },
  ],
  [
    'POST',
    '/products',
    ({ ledger, params }) => {
      const fields = { name: params.needed('name'), description: params.text('description') ?? null, metadata: params.metadata() };
      return ledger.add(ledger.products, makeProduct(ledger.now(), fields), 'product.created');
    },
  ],
  ['GET', '/products/:id', ({ ledger, id }) => ledger.get(ledger.products, id)],
  [
    'GET',
    '/products',
    ({ ledger, params }) => {
      const active = where(ledger.products.values(), isFlag(params, 'active'), (each) => String(each.active));
      return page(active, params, '/v1/products');
    },
  ],
  [
    'POST',
    '/prices',
    ({ ledger, params }) => {
      const recurring = params.group('recurring');
      const product = params.text('product');
      if (product !== undefined && !ledger.products.has(product)) throw params.noSuch('prod', 'product', product);
      return addPrice(ledger, {
        ...(product === undefined ? { productName: params.group('product_data').needed('name') } : { product }),
        amount: params.integer('unit_amount') ?? 0,
        currency: params.needed('currency').toLowerCase(),
        interval: recurring.one('interval', ['day', 'week', 'month', 'year'] as const) ?? null,
        intervalCount: recurring.integer('interval_count') ?? 1,
        nickname: params.text('nickname') ?? null,
        metadata: params.metadata(),
      });
    },
  ],
  ['GET', '/prices/:id', ({ ledger, id }) => ledger.get(ledger.prices, id)],
  [
    'GET',
    '/prices',
    ({ ledger, params }) => {
      const ofProduct = where(ledger.prices.values(), params.text('product'), ({ product }) => product);
      const ofType = where(ofProduct, params.text('type'), ({ type }) => type);
      return page(
        where(ofType, isFlag(params, 'active'), (each) => String(each.active)),
        params,
        '/v1/prices',
      );
    },
  ],
];
