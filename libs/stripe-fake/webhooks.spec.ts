import Stripe from 'stripe';
import { Inbox } from './inbox';
import { type FakeAccount, StripeFake } from './index';

const key = 'sk_test_hooks';
const secret = 'whsec_of_the_test';
const stripe = new Stripe(key);

let fake: StripeFake;
let account: FakeAccount;
let inbox: Inbox;

beforeEach(async () => {
  fake = await StripeFake.start({ now: new Date('2030-05-05T00:00:00Z') });
  account = fake.account(key);
  inbox = await Inbox.open();
});

afterEach(async () => {
  await fake.stop();
  await inbox.close();
});

const subscribe = () => account.createSubscription({ email: 'jane@example.com', price: 'price_monthly', metadata: { license: 'lic_1' } });
const sent = (type: string) => inbox.letters.find(({ event }) => event.type === type)!;

it('brings every event in order, signed now however late the fake thinks it is', async () => {
  fake.addWebhook(key, { url: inbox.url, secret });
  await subscribe();
  expect(inbox.letters.map(({ event }) => event.id)).toEqual(account.events.map(({ id }) => id));
  for (const { body, signature } of inbox.letters) {
    expect(stripe.webhooks.constructEvent(body, signature, secret)).toMatchObject({ object: 'event', api_version: '2026-10-28.endive' });
  }
  expect(() => stripe.webhooks.constructEvent(sent('invoice.paid').body, sent('invoice.paid').signature, 'whsec_other')).toThrow();
});

it('waits for an endpoint to answer before it brings the next', async () => {
  fake.addWebhook(key, { url: inbox.url, secret });
  inbox.slowMs = 15;
  await subscribe();
  expect(inbox.letters).toHaveLength(account.events.length);
  expect(inbox.mostAtOnce).toBe(1);
});

it('shows an invoice as the newest API does', async () => {
  fake.addWebhook(key, { url: inbox.url, secret });
  const subscription = await subscribe();
  const invoice = JSON.parse(sent('invoice.paid').body).data.object;
  expect(invoice.parent.subscription_details).toEqual({ subscription, metadata: { license: 'lic_1' } });
  for (const field of ['subscription', 'payment_intent', 'charge', 'paid', 'payments']) expect(invoice).not.toHaveProperty(field);
  const charge = JSON.parse(sent('charge.succeeded').body).data.object;
  expect(charge).not.toHaveProperty('invoice');
});

it('shows objects of the older API to an endpoint of that time', async () => {
  fake.addWebhook(key, { url: inbox.url, secret, shape: 'old' });
  const id = await subscribe();
  const paid = stripe.webhooks.constructEvent(sent('invoice.paid').body, sent('invoice.paid').signature, secret);
  expect(paid.api_version).toBe('2024-06-20');
  const charge = [...account.charges.values()][0]!;
  const invoice = paid.data.object as any;
  expect(invoice).toMatchObject({ subscription: id, payment_intent: charge.payment_intent, charge: charge.id, paid: true });
  expect(invoice.lines.data[0]).toMatchObject({ type: 'subscription', subscription: id, proration: false, price: { id: 'price_monthly' } });
  expect(invoice.lines.data[0].plan).toMatchObject({ id: 'price_monthly', interval: 'month' });
  expect(invoice).not.toHaveProperty('parent');

  const subscription = JSON.parse(sent('customer.subscription.updated').body).data.object;
  const { current_period_start, current_period_end } = account.subscriptions.get(id)!.items.data[0]!;
  expect(subscription).toMatchObject({ current_period_start, current_period_end, plan: { id: 'price_monthly' }, quantity: 1 });
  expect(subscription.items.data[0]).not.toHaveProperty('current_period_end');

  expect(JSON.parse(sent('charge.succeeded').body).data.object.invoice).toBe(invoice.id);
  expect(inbox.types).not.toContain('invoice_payment.paid');
});

it('keeps held events until they are brought, in any shape and any order', async () => {
  fake.addWebhook(key, { url: inbox.url, secret });
  account.delivery = 'held';
  await subscribe();
  expect(inbox.letters).toEqual([]);
  const paid = account.events.find(({ type }) => type === 'invoice.paid')!;
  const created = account.events.find(({ type }) => type === 'customer.subscription.created')!;
  expect(await account.deliver(paid)).toBe(200);
  expect(await account.deliver(created, 'old')).toBe(200);
  expect(inbox.types).toEqual(['invoice.paid', 'customer.subscription.created']);
  expect(JSON.parse(inbox.letters[1]!.body).data.object).toHaveProperty('current_period_end');
});

it('says what the endpoint answered', async () => {
  account.delivery = 'held';
  await subscribe();
  const [event] = account.events;
  expect(await account.deliver(event!)).toBe(0);
  fake.addWebhook(key, { url: inbox.url, secret });
  inbox.answer = 400;
  expect(await account.deliver(event!)).toBe(400);
});

it('brings an event again that was not taken', async () => {
  fake.addWebhook(key, { url: inbox.url, secret });
  inbox.answer = 503;
  account.createPrice({ id: 'price_monthly' });
  await account.settled();
  expect(inbox.types).toEqual(['product.created', 'price.created']);
  inbox.answer = 200;
  await until(() => inbox.letters.length === 4);
  expect(inbox.letters.map(({ event }) => event.id).sort()).toEqual(account.events.flatMap(({ id }) => [id, id]).sort());
});

it('is not held up by an endpoint that is gone', async () => {
  fake.addWebhook(key, { url: 'http://127.0.0.1:9/', secret });
  fake.addWebhook(key, { url: inbox.url, secret });
  await subscribe();
  expect(inbox.letters).toHaveLength(account.events.length);
});

it('brings events of an account to its own endpoints alone', async () => {
  fake.addWebhook('sk_test_other', { url: inbox.url, secret });
  await subscribe();
  expect(inbox.letters).toEqual([]);
});

it('signs for whoever wants to post by himself', async () => {
  await subscribe();
  const { body, header } = account.signed(account.events[0]!, secret);
  expect(stripe.webhooks.constructEvent(body, header, secret).id).toBe(account.events[0]!.id);
});

async function until(done: () => boolean): Promise<void> {
  for (let waited = 0; !done(); waited += 20) {
    if (waited > 4000) throw new Error('It did not happen.');
    await new Promise((later) => setTimeout(later, 20));
  }
}
