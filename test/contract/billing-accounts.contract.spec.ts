import type { BrandId } from '../../libs/kernel/brand-id';
import { CannotOpen, Vault } from '../../libs/vault/vault';
import { SealedAccountSecrets } from '../../src/billing/adapters/sealed-account-secrets';
import { AccountSecrets } from '../../src/billing/ports/account-secrets';
import { BillingAccounts } from '../../src/billing/ports/billing-accounts';
import { allBrands } from '../../src/identity';
import { acme, anAccount, inDays } from '../fixtures/aggregates';
import { aTenant, contractOf } from './contract';

contractOf(BillingAccounts, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const saved = async (part: Parameters<typeof anAccount>[0] = {}) => {
    const account = anAccount({ brandId, ...part });
    await house().work.run(account.state.brandId, () => house().accounts.save(account));
    return account.state;
  };
  const found = (reach = brandId) =>
    house().work.run(reach, async () => [(await house().accounts.find(reach))?.state, (await house().accounts.hold(reach))?.state]);

  it('gives back what was saved, and keeps a change', async () => {
    const state = await saved({
      previousWebhookSecret: Buffer.from('before'),
      previousUntil: inDays(1),
      livemode: true,
      allowedHosts: ['shop.example', 'localhost:8080'],
      links: { terms: 'https://shop.example/terms' },
    });
    expect(await found()).toEqual([state, state]);
    await house().work.run(brandId, async () => {
      const account = (await house().accounts.hold(brandId))!;
      account.update({ webhookSecret: Buffer.from('after'), links: {} }, 60, inDays(2));
      await house().accounts.save(account);
    });
    const after = { webhookSecret: Buffer.from('after'), previousWebhookSecret: Buffer.from('the sealed secret'), links: {}, version: 2 };
    expect((await found())[0]).toMatchObject(after);
  });

  it('has none of a brand without one, or of another brand', async () => {
    await saved();
    expect(await found(await aTenant(house()))).toEqual([undefined, undefined]);
  });

  it('makes two who set up the same brand wait for one another', async () => {
    const turns: string[] = [];
    const setUp = (name: string) =>
      house().work.run(brandId, async () => {
        const there = await house().accounts.hold(brandId);
        turns.push(`${name} sees ${there ? 'one' : 'none'}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        if (!there) await house().accounts.save(anAccount({ brandId }));
      });
    await Promise.all([setUp('one'), setUp('other')]);
    expect(turns.map((turn) => turn.split(' sees ')[1])).toEqual(['none', 'one']);
  });

  it('names the brands that have one', async () => {
    await saved();
    const [other, without] = [await aTenant(house()), await aTenant(house())];
    await saved({ brandId: other });
    const brands = await house().work.run(allBrands, () => house().accounts.brands(allBrands));
    expect(brands).toEqual(expect.arrayContaining([brandId, other]));
    expect(brands).not.toContain(without);
    expect(new Set(brands).size).toBe(brands.length);
  });
});

describe(`${AccountSecrets.name} in a vault`, () => {
  const first = { version: 1, secret: 'the first secret of the tests, long enough' };
  const second = { version: 2, secret: 'the second secret of the tests, long enough' };
  const secrets = new SealedAccountSecrets(new Vault({ all: [first] }));
  const without = new SealedAccountSecrets(new Vault({ all: [second] }));
  const sealed = secrets.seal(acme, 'secret key', 'sk_test_1');

  it('opens what it sealed, and shows nothing of it', () => {
    expect(secrets.open(acme, 'secret key', sealed)).toBe('sk_test_1');
    expect(sealed.includes('sk_test')).toBe(false);
  });

  it.each([
    ['for another brand', () => secrets.open('of nobody' as BrandId, 'secret key', sealed)],
    ['for another purpose', () => secrets.open(acme, 'webhook secret', sealed)],
    ['without the key', () => without.open(acme, 'secret key', sealed)],
  ])('does not open it %s', (_, open) => {
    expect(open).toThrow(CannotOpen);
  });

  it('knows what it holds, and takes what it cannot open for something else', () => {
    expect(secrets.holds(acme, 'secret key', sealed, 'sk_test_1')).toBe(true);
    expect(secrets.holds(acme, 'secret key', sealed, 'sk_test_2')).toBe(false);
    expect(without.holds(acme, 'secret key', sealed, 'sk_test_1')).toBe(false);
  });
});
