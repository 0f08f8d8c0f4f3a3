import { Inbox } from '../inbox';
import { type FakeAccount, StripeFake } from '../index';

const key = 'sk_test_pages';

let fake: StripeFake;
let account: FakeAccount;

beforeEach(async () => {
  fake = await StripeFake.start({ now: new Date('2026-11-01T12:00:00Z') });
  account = fake.account(key);
});

afterEach(() => fake.stop());

const api = async (path: string, fields: Record<string, string>): Promise<any> => {
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${fake.url}/v1${path}`, { method: 'POST', headers, body: new URLSearchParams(fields) })).json();
};

const page = async (path: string): Promise<{ status: number; text: string; headers: Headers }> => {
  const answer = await fetch(fake.url + path);
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
};

/** As a browser sends a form. */
const press = (path: string, fields: Record<string, string> = {}): Promise<Response> =>
  fetch(fake.url + path, { method: 'POST', body: new URLSearchParams(fields), headers: { accept: 'text/html' }, redirect: 'manual' });

const open = (more: Record<string, string> = {}): Promise<any> =>
  api('/checkout/sessions', {
    mode: 'subscription',
    'line_items[0][price]': 'price_monthly',
    'line_items[0][quantity]': '2',
    success_url: 'https://shop.example/thanks?session={CHECKOUT_SESSION_ID}&a=b',
    cancel_url: 'https://shop.example/cart',
    ...more,
  });

const only = <T>(map: ReadonlyMap<string, T>): T => [...map.values()].at(-1)!;

describe('the page of a checkout', () => {
  it('shows what is bought, and sends the buyer back to the shop with the name of his session', async () => {
    const { id } = await open();
    const { status, text, headers } = await page(`/pay/${id}`);
    expect(status).toBe(200);
    expect(text).toContain('20.00 USD');
    expect(text).not.toContain('<script');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");

    const answer = await press(`/pay/${id}`, { email: 'jane@example.com', name: 'Jane', card: 'good' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(`https://shop.example/thanks?session=${id}&a=b`);
    expect(only(account.customers)).toMatchObject({ email: 'jane@example.com', name: 'Jane' });
    expect(only(account.subscriptions).status).toBe('active');
    expect((await page(`/pay/${id}`)).text).toContain('This is paid');
  });

  it('says that the card was declined, and sells nothing', async () => {
    const { id } = await open();
    const answer = await press(`/pay/${id}`, { email: 'jane@example.com', card: 'declined' });
    expect(answer.headers.get('location')).toMatch(`/pay/${id}?notice=`);
    expect((await page(answer.headers.get('location')!)).text).toContain('The card was declined.');
    expect(account.subscriptions.size).toBe(0);
  });

  it('leads back when the buyer gives up, and leaves the checkout open', async () => {
    const { id } = await open();
    const answer = await press(`/pay/${id}`, { card: 'cancel' });
    expect(answer.headers.get('location')).toBe('https://shop.example/cart');
    expect(account.sessions.get(id)!.status).toBe('open');
  });

  it('lets the buyer set the quantity where the shop does, within its limits', async () => {
    const adjustable = { 'line_items[0][adjustable_quantity][enabled]': 'true', 'line_items[0][adjustable_quantity][maximum]': '9' };
    const { id } = await open(adjustable);
    const refused = await press(`/pay/${id}`, { email: 'a@example.com', card: 'good', quantity_0: '10' });
    expect(refused.headers.get('location')).toContain(`/pay/${id}?notice=`);
    await press(`/pay/${id}`, { email: 'a@example.com', card: 'good', quantity_0: '5' });
    expect(only(account.subscriptions).items.data[0]!.quantity).toBe(5);

    const fixed = await open();
    await press(`/pay/${fixed.id}`, { email: 'a@example.com', card: 'good', quantity_0: '5' });
    expect(only(account.subscriptions).items.data[0]!.quantity).toBe(2);
  });

  it('keeps the e-mail that the shop has given', async () => {
    const { id } = await open({ customer_email: 'jane@example.com' });
    expect((await page(`/pay/${id}`)).text).toMatch(/value="jane@example.com"\s+readonly/);
  });

  it('shows strange names as text', async () => {
    account.createPrice({ id: 'price_odd', nickname: `<script>alert("1")</script>'` });
    const { id } = await open({ 'line_items[0][price]': 'price_odd', cancel_url: 'https://shop.example/"onclick="x' });
    const { text } = await page(`/pay/${id}`);
    expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;');
    expect(text).not.toContain('"onclick=');
    expect((await page(`/pay/${id}?notice=${encodeURIComponent('<b>x')}`)).text).toContain('&lt;b&gt;x');
  });

  it('is not there for a checkout that is not there', async () => {
    expect((await page('/pay/cs_test_none')).status).toBe(404);
  });
});

describe('the portal', () => {
  const begun = async () => {
    const subscription = await account.createSubscription({ email: 'jane@example.com', price: 'price_monthly' });
    const { customer } = account.subscriptions.get(subscription)!;
    const { id } = await api('/billing_portal/sessions', { customer, return_url: 'https://shop.example/account' });
    return { subscription, customer, portal: `/portal/${id}` };
  };

  it('lets a customer leave, stay, grow and go at once', async () => {
    const { subscription, portal } = await begun();
    const state = account.subscriptions.get(subscription)!;
    const { text } = await page(portal);
    expect(text).toContain('https://shop.example/account');
    expect(text).toContain('Renews on 2026-12-01');

    expect((await press(portal, { action: 'cancel_at_period_end', subscription })).headers.get('location')).toBe(portal);
    expect(state.cancel_at_period_end).toBe(true);
    expect((await page(portal)).text).toContain('Ends on 2026-12-01');
    await press(portal, { action: 'resume', subscription });
    expect(state.cancel_at_period_end).toBe(false);
    await press(portal, { action: 'quantity', subscription, quantity: '7' });
    expect(state.items.data[0]!.quantity).toBe(7);
    expect((await press(portal, { action: 'quantity', subscription, quantity: '0' })).headers.get('location')).toContain('notice=');
    await press(portal, { action: 'cancel_now', subscription });
    expect(state.status).toBe('canceled');
  });

  it('takes another card, and the money that is owed', async () => {
    const { subscription, portal } = await begun();
    await press(portal, { action: 'card_declined' });
    await fake.advance({ days: 31 });
    expect(account.subscriptions.get(subscription)!.status).toBe('past_due');
    const invoice = only(account.invoices);
    expect((await page(portal)).text).toContain('Pay with a good card');
    expect((await page(`/invoices/${invoice.id}`)).text).toContain(invoice.number!);
    await press(portal, { action: 'pay', invoice: invoice.id });
    expect(account.subscriptions.get(subscription)!.status).toBe('active');
  });

  it('shows and does nothing to what belongs to somebody else', async () => {
    const { portal } = await begun();
    const other = await account.createSubscription({ email: 'other@example.com', price: 'price_yearly' });
    expect((await page(portal)).text).not.toContain(other);
    const answer = await press(portal, { action: 'cancel_now', subscription: other });
    expect(answer.headers.get('location')).toContain('notice=');
    expect(account.subscriptions.get(other)!.status).toBe('active');
  });
});

describe('the desk', () => {
  const ask = async (path: string, fields: Record<string, string> = {}): Promise<any> =>
    (await fetch(fake.url + path, { method: 'POST', body: new URLSearchParams(fields) })).json();

  it('plays a whole life from a terminal', async () => {
    const { id } = await open();
    expect(await ask('/fake/pay', { session: id, email: 'jane@example.com' })).toMatchObject({ id, status: 'complete' });
    const { id: subscription } = only(account.subscriptions);
    await ask('/fake/subscription', { subscription, quantity: '4' });
    expect(await ask('/fake/advance', { to: 'renewal' })).toEqual({ now: '2026-12-01T13:00:03.000Z' });
    expect(only(account.invoices)).toMatchObject({ status: 'paid', billing_reason: 'subscription_cycle' });
    await ask('/fake/card', { subscription, card: 'declined' });
    await ask('/fake/advance', { days: '32' });
    expect(account.subscriptions.get(subscription)!.status).toBe('past_due');
    await ask('/fake/pay-invoice', { subscription });
    expect(account.subscriptions.get(subscription)!.status).toBe('active');
    expect(await ask('/fake/refund', { subscription, amount: '100' })).toMatchObject({ object: 'refund', amount: 100 });
    const dispute = await ask('/fake/dispute', { subscription });
    expect(await ask('/fake/close-dispute', { dispute: dispute.id, outcome: 'won' })).toMatchObject({ status: 'won' });
    expect(await ask('/fake/cancel', { subscription })).toMatchObject({ status: 'canceled' });
  });

  it('says what is wrong with what it is asked', async () => {
    expect(await ask('/fake/advance', { days: 'x' })).toMatchObject({ error: { param: 'days' } });
    expect(await ask('/fake/advance', { to: 'renewal' })).toMatchObject({ error: { message: 'No subscription is running.' } });
    expect(await ask('/fake/refund', { payment_intent: 'pi_none' })).toMatchObject({
      error: { message: expect.stringContaining('pi_none') },
    });
    expect((await press('/fake/cancel', { subscription: 'sub_none' })).headers.get('location')).toContain('/?notice=');
  });

  it('breaks the API and mends it', async () => {
    await ask('/fake/fault', { fault: 'error500' });
    expect(fake.fault).toBe('error500');
    await ask('/fake/fault', { fault: 'none' });
    expect(fake.fault).toBeNull();
  });

  it('shows every account, what may be done with it, and how its events fared', async () => {
    const inbox = await Inbox.open();
    try {
      fake.addWebhook(key, { url: inbox.url, secret: 'whsec_x' });
      const subscription = await account.createSubscription({ email: 'jane@example.com', price: 'price_monthly' });
      const lifetime = await open({ mode: 'payment', 'line_items[0][price]': 'price_lifetime' });
      await account.pay(lifetime.id, { email: 'guest@example.com' });
      const { text } = await page('/');
      for (const part of [
        subscription,
        'jane@example.com',
        'guest@example.com',
        'Fail the next payment',
        'Pause',
        inbox.url,
        'invoice.paid',
      ]) {
        expect(text).toContain(part);
      }
      expect(text).toContain('<span class="tag good">200</span>');

      const before = inbox.letters.length;
      const event = account.events[0]!.id;
      expect(await ask('/fake/send', { event })).toMatchObject({ event, deliveries: [{ status: 200, tries: 2 }] });
      expect(inbox.letters).toHaveLength(before + 1);

      const state: any = await (await fetch(`${fake.url}/fake/state`)).json();
      expect(state.accounts).toMatchObject([{ secret_key: key, subscriptions: [{ id: subscription }], sessions: [{ id: lifetime.id }] }]);
      expect(state.accounts[0].events[0]).toMatchObject({ id: event, deliveries: [{ url: inbox.url, tries: 2 }] });
    } finally {
      await inbox.close();
    }
  });

  it('offers for a payment only what can still become of it', async () => {
    const subscription = await account.createSubscription({ email: 'jane@example.com', price: 'price_monthly' });
    expect((await page('/')).text).toContain('Refund the last payment');
    const dispute = await ask('/fake/dispute', { subscription });
    expect((await page('/')).text).toContain('Win the dispute');
    await ask('/fake/close-dispute', { dispute: dispute.id });
    expect((await page('/')).text).toContain('dispute lost');
    expect((await page('/')).text).not.toContain('Refund the last payment');
  });
});
