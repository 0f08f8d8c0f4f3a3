import type { BrandId } from '../../libs/kernel/brand-id';
import { secondsAfter } from '../../libs/kernel/clock';
import { newId } from '../../libs/kernel/id';
import { Vault } from '../../libs/vault/vault';
import { allBrands } from '../../src/identity';
import { CompiledMailPages } from '../../src/mail/adapters/compiled-mail-pages';
import { VaultKeySafe } from '../../src/mail/adapters/vault-key-safe';
import type { MailState, MailTemplate } from '../../src/mail/domain/mail';
import { MailSettings } from '../../src/mail/domain/mail-settings';
import { KeySafe } from '../../src/mail/ports/key-safe';
import { MailLooks } from '../../src/mail/ports/mail-looks';
import { MailPages } from '../../src/mail/ports/mail-pages';
import { Mails } from '../../src/mail/ports/mails';
import { inDays, noon } from '../fixtures/aggregates';
import { aMail } from '../fixtures/mails';
import { aTenant, contractOf } from './contract';

contractOf(Mails, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    // What earlier tests have left waiting is nobody's turn.
    await claim(1_000, inDays(1_000));
    brandId = await aTenant(house());
  });
  const add = async (part: Partial<MailState> = {}) => {
    const mail = aMail({ brandId, ...part });
    const added = await house().work.run(mail.state.brandId, () => house().mails.add(mail));
    return { ...mail.state, added };
  };
  const stateOf = (id: string, reach = brandId) =>
    house().work.run(reach, async () => (await house().mails.hold(reach, id))?.state ?? null);
  const claim = (atMost = 100, at = noon) => house().work.run(allBrands, () => house().mails.claim(allBrands, atMost, at));
  const withKey = (licenseKeyId: string, reach = brandId) =>
    house().work.run(reach, async () => (await house().mails.holdWithKey(reach, licenseKeyId)).map(({ state }) => state.id));
  const ids = (some: readonly { id: string }[]) => some.map(({ id }) => id).sort();

  it('gives back what was added, to its brand alone', async () => {
    const { added, ...mail } = await add({
      licenseKeyId: newId(),
      sealed: Buffer.from('sealed'),
      facts: { products: ['Pro', 'Lite'], seats: 3, plan: null },
    });
    expect(added).toBe(true);
    expect(await stateOf(mail.id)).toEqual(mail);
    expect(await stateOf(mail.id, await aTenant(house()))).toBeNull();
    expect(await stateOf(newId())).toBeNull();
  });

  it('has one mail for each reason of a brand', async () => {
    const { reason, id } = await add();
    const again = await add({ reason, recipient: 'john@example.com' });
    expect([again.added, await stateOf(again.id)]).toEqual([false, null]);
    expect(await stateOf(id)).toMatchObject({ recipient: 'jane@example.com' });
    expect(await add({ reason, brandId: await aTenant(house()) })).toMatchObject({ added: true });
  });

  it('leases what is due and nothing else, to one sender, for two minutes', async () => {
    const due = await add();
    await add({ nextAttemptAt: secondsAfter(noon, 1) });
    await add({ status: 'sent', nextAttemptAt: null, sentAt: noon });
    await add({ status: 'failed', nextAttemptAt: null, failedAt: noon });
    const [claimed, ...others] = await claim();
    expect(others).toEqual([]);
    expect(claimed).toMatchObject({ id: due.id, brandId, recipient: due.recipient, lease: expect.any(String) });
    expect(await stateOf(due.id)).toEqual(claimed);
    expect(await stateOf(due.id)).toMatchObject({ leasedUntil: secondsAfter(noon, 120), attempts: 0 });
    expect(ids(await claim(100, secondsAfter(noon, 119)))).not.toContain(due.id);
    const [again] = await claim(100, secondsAfter(noon, 121));
    expect([again!.id, again!.lease === claimed!.lease]).toEqual([due.id, false]);
  });

  it('leases the longest due first, and no more than was asked for', async () => {
    const waiting = [];
    for (let i = 0; i < 4; i++) waiting.push(await add({ nextAttemptAt: secondsAfter(noon, -i) }));
    expect(ids(await claim(0))).toEqual([]);
    expect(ids(await claim(3))).toEqual(ids(waiting.slice(1)));
    expect(ids(await claim(3))).toEqual(ids(waiting.slice(0, 1)));
  });

  it('lets a brand with few mails not wait for one with many', async () => {
    for (let i = 0; i < 6; i++) await add({ nextAttemptAt: secondsAfter(noon, -100 + i) });
    const few = { brandId: await aTenant(house()) };
    const [first, second] = [await add(few), await add(few)];
    expect((await claim(3)).map((mail) => mail.brandId === brandId)).toEqual([true, true, false]);
    // Two of the one are under way, and one of the other.
    expect(ids(await claim(1))).toEqual([second.id]);
    const third = await add(few);
    const next = ids(await claim(2));
    expect(next).toHaveLength(2);
    expect(next).toContain(third.id);
    expect(next).not.toContain(first.id);
  });

  it('finds the mails that still hold a license key, oldest first', async () => {
    const key = { licenseKeyId: newId(), sealed: Buffer.from('sealed') };
    const [first, second] = [await add(key), await add({ ...key, status: 'failed', nextAttemptAt: null, failedAt: noon })];
    await add({ ...key, sealed: null, status: 'sent', nextAttemptAt: null, sentAt: noon });
    await add({ ...key, licenseKeyId: newId() });
    expect(await withKey(key.licenseKeyId)).toEqual([first.id, second.id]);
    expect(await withKey(key.licenseKeyId, await aTenant(house()))).toEqual([]);
  });

  it('keeps what became of an attempt', async () => {
    const { id } = await add({ licenseKeyId: newId(), sealed: Buffer.from('sealed') });
    await claim();
    await house().work.run(brandId, async () => {
      const mail = (await house().mails.hold(brandId, id))!;
      mail.answered({ kind: 'accepted' }, inDays(1));
      await house().mails.save(mail);
    });
    expect(await stateOf(id)).toMatchObject({
      status: 'sent',
      sentAt: inDays(1),
      attempts: 1,
      sealed: null,
      lease: null,
      nextAttemptAt: null,
    });
  });
});

contractOf(MailLooks, (house) => {
  it('keeps what a brand has set, and shows it to nobody else', async () => {
    const [brandId, other] = [await aTenant(house()), await aTenant(house())];
    const find = (reach: BrandId) => house().work.run(reach, () => house().looks.find(reach));
    const become = (colour: string) =>
      house().work.run(brandId, async () => {
        const settings = (await house().looks.hold(brandId)) ?? MailSettings.untouched(brandId, noon);
        settings.become({ senderName: 'Acme', replyTo: 'help@acme.example', colour, supportUrl: null }, noon);
        await house().looks.save(settings);
      });
    expect(await find(brandId)).toBeNull();
    await become('#112233');
    await become('#445566');
    expect(await find(brandId)).toEqual({
      ...{ brandId, senderName: 'Acme', replyTo: 'help@acme.example', colour: '#445566', supportUrl: null },
      ...{ version: 2, createdAt: noon, updatedAt: noon },
    });
    expect(await find(other)).toBeNull();
  });
});

describe(`${KeySafe.name} in a vault`, () => {
  const safeOf = (secret: string) => new VaultKeySafe(new Vault({ all: [{ version: 1, secret }] }));
  const safe: KeySafe = safeOf('the key of the tests, long enough');

  it('gives back a license key for its mail alone, and shows it nowhere', () => {
    const sealed = safe.seal('one', 'ACME-SECRET-KEY');
    expect(sealed.includes('ACME')).toBe(false);
    expect(safe.open('one', sealed)).toBe('ACME-SECRET-KEY');
    expect(safe.open('other', sealed)).toBeNull();
    expect(safeOf('another key of the tests, long enough').open('one', sealed)).toBeNull();
  });
});

describe(`${MailPages.name}, compiled`, () => {
  const pages: MailPages = new CompiledMailPages();
  const names = ['headline', 'intro', 'outro', 'button', 'brand', 'license_key', 'details', 'action_url', 'help', 'colour', 'ink'];
  const blanks = Object.fromEntries(names.map((name) => [name, `the ${name}`]));
  const templates: MailTemplate[] = ['key_issued', 'key_reissued', 'renewed', 'payment_failed', 'expiring_soon'];

  it.each(templates)('fills in the page of %s, with the button only if there is one', (template) => {
    const [whole, plain] = [pages.fill(template, blanks, true), pages.fill(template, blanks, false)];
    for (const page of [whole, plain]) {
      expect(page).toMatch(/^<!doctype html>/i);
      expect(page).not.toMatch(/\{\{|mj-include|c010e/);
      for (const name of ['headline', 'intro', 'outro', 'brand', 'details', 'help', 'colour', 'ink']) expect(page).toContain(`the ${name}`);
      expect(page.includes('the license_key')).toBe(template.startsWith('key_'));
    }
    expect(whole).toContain('href="the action_url"');
    expect(plain).not.toMatch(/the action_url|the button/);
  });

  it('takes every value for plain text', () => {
    const evil = `<script>alert("1")</script> & 'more' {{brand}}\nnext $& $1`;
    const page = pages.fill('key_issued', { ...blanks, intro: evil, action_url: evil }, true);
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39; {{brand}}<br>next $&amp; $1');
  });

  it('says which blank nobody fills in', () => {
    const { help: _, ...others } = blanks;
    expect(() => pages.fill('renewed', others, true)).toThrow('renewed asks for {{help}}');
    expect(() => pages.fill('renewed', { ...others, constructor: 'x' }, true)).toThrow('{{help}}');
  });

  it('says how to get pages that are missing', () => {
    expect(() => pages.fill('never_made' as MailTemplate, blanks, true)).toThrow(/never_made is missing.*npm run build/);
  });
});
