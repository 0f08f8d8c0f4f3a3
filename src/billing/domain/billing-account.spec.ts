import { secondsAfter } from '../../../libs/kernel/clock';
import { acme, anAccount, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import { AccountNotPossible, ensureComplete, ensureOneMode, ensureReachable, isLive } from './account-rules';
import { BillingAccount } from './billing-account';

const given = {
  ...{ secretKey: Buffer.from('k'), livemode: false, publishableKey: 'pk_test_1', webhookSecret: Buffer.from('s') },
  ...{ allowedHosts: ['shop.example'], links: {} },
};

describe('A billing account', () => {
  it('tells that it is set up, and none of its keys', () => {
    const account = BillingAccount.open(acme, given, noon);
    const [event] = account.releaseEvents();
    expect(event).toMatchObject({ type: 'billing_account.updated', data: { livemode: false, allowed_hosts: ['shop.example'] } });
    expect(Object.keys(event!.data)).toEqual(['id', 'version', 'livemode', 'allowed_hosts']);
  });

  it('keeps the webhook secret before for the overlap, and only the last one', () => {
    const account = anAccount();
    const [first, second] = [Buffer.from('first'), Buffer.from('second')];
    account.update({ webhookSecret: first }, 60, noon);
    account.update({ webhookSecret: second, allowedHosts: [] }, 3_600, inDays(1));
    expect(account.state).toMatchObject({
      webhookSecret: second,
      previousWebhookSecret: first,
      previousUntil: secondsAfter(inDays(1), 3_600),
      allowedHosts: [],
      version: 3,
    });
  });

  it('keeps an overlap when something else is changed', () => {
    const account = anAccount({ previousWebhookSecret: Buffer.from('before'), previousUntil: inDays(1) });
    account.update({ secretKey: Buffer.from('other'), links: { terms: 'https://shop.example/' } }, 60, noon);
    expect(account.state).toMatchObject({ previousWebhookSecret: Buffer.from('before'), previousUntil: inDays(1), version: 2 });
  });

  it('is changed once: saying the same again changes nothing', () => {
    const account = anAccount();
    account.update({ secretKey: Buffer.from('the sealed key'), allowedHosts: ['shop.example'], links: {}, livemode: false }, 60, noon);
    expect([account.state.version, happened(account)]).toEqual([1, []]);
  });
});

describe('The keys of an account', () => {
  it.each([
    ['sk_live_1', true],
    ['rk_live_1', true],
    ['pk_live_1', true],
    ['sk_test_live_1', false],
    ['pk_test_1', false],
  ])('%s moves real money: %s', (key, live) => {
    expect(isLive(key)).toBe(live);
  });

  it('are all needed the first time', () => {
    ensureComplete({ secretKey: 'a', publishableKey: 'b', webhookSecret: 'c' });
    expect(() => ensureComplete({ secretKey: 'a', publishableKey: 'b' })).toThrow('webhook_secret is needed');
    expect(() => ensureComplete({})).toThrow('3 things are wrong');
  });

  it('are of one mode', () => {
    ensureOneMode(true, 'pk_live_1', 'secretKey');
    ensureOneMode(false, 'pk_test_1', 'secretKey');
    expect(() => ensureOneMode(true, 'pk_test_1', 'secretKey')).toThrow(AccountNotPossible);
    expect(() => ensureOneMode(false, 'pk_live_1', 'publishableKey')).toThrow(AccountNotPossible);
  });

  it('are made for the fake only where there is one', () => {
    ensureReachable('sk_test_latchkey_1', true);
    ensureReachable('sk_test_51Q', false);
    expect(() => ensureReachable('sk_test_latchkey_1', false)).toThrow(AccountNotPossible);
  });
});
