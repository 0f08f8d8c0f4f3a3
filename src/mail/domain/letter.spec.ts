import { publicId } from '../../../libs/kernel/id';
import { aMail } from '../../../test/fixtures/mails';
import { draftOf, type OnBehalf } from './letter';
import type { MailFacts, MailTemplate } from './mail';
import { defaultLook } from './mail-settings';
import { dayOf, inkOn, isAddress, momentOf, oneLine, webAddress } from './text';

const acme: OnBehalf = {
  brand: { name: 'Acme', slug: 'acme' },
  look: { senderName: null, replyTo: 'help@acme.example', colour: '#112233', supportUrl: 'https://acme.example/help' },
  address: 'licenses@latchkey.example',
};
const facts: MailFacts = {
  ...{ plan: 'Pro yearly', products: ['Pro', 'Lite'], seats: 3, expires_at: '2027-11-23T12:00:00.000Z', days_before: 7 },
  ...{ action_url: 'https://acme.example/act?a=1&b=2', old_key_until: '2026-11-24T14:05:00.000Z' },
};
const draft = (template: MailTemplate, part: MailFacts = facts, on = acme, key: string | null = 'ACME-SECRET-KEY') =>
  draftOf(aMail({ template, facts: part }).state, on, template.startsWith('key_') ? key : null);

describe('The words of a mail', () => {
  it.each<[MailTemplate, string, string[]]>([
    [
      'key_issued',
      'Your license key for Pro, Lite',
      [
        '    ACME-SECRET-KEY\n',
        'Get started: https://acme.example/act?a=1&b=2',
        'Seats: 3',
        'Plan: Pro yearly',
        'Valid until: 23 November 2027',
      ],
    ],
    [
      'key_reissued',
      'Your new license key for Pro, Lite',
      ['    ACME-SECRET-KEY\n', 'The old one works until 24 November 2026, 14:05 UTC', 'takes the place of your old one'],
    ],
    ['renewed', 'Pro, Lite was renewed', ['now runs until 23 November 2027', 'your license key stays the same']],
    [
      'payment_failed',
      'Your payment for Pro, Lite did not go through',
      ['Update your payment: https://acme.example/act?a=1&b=2', 'Until 23 November 2027 everything works'],
    ],
    ['expiring_soon', 'Pro, Lite ends on 23 November 2027', ['ends on 23 November 2027.', 'Renew now: https://acme.example/act?a=1&b=2']],
  ])('of %s say what it is about', (template, subject, said) => {
    const letter = draft(template);
    expect(letter.subject).toBe(subject);
    for (const part of [...said, 'You can answer this mail or see https://acme.example/help.', '-- \nAcme\n'])
      expect(letter.text).toContain(part);
    expect(letter.text.includes('ACME-SECRET-KEY')).toBe(template.startsWith('key_'));
    expect(letter.text).not.toMatch(/undefined|null|NaN|\n\n\n/);
    expect(letter.blanks.license_key).toBe(template.startsWith('key_') ? 'ACME-SECRET-KEY' : '');
  });

  it.each<MailTemplate>(['key_issued', 'key_reissued', 'renewed', 'payment_failed', 'expiring_soon'])(
    'of %s leave out what is not known',
    (template) => {
      const letter = draft(template, {}, { ...acme, look: defaultLook });
      expect(letter.subject).toContain(template === 'expiring_soon' ? 'Acme ends soon' : 'Acme');
      expect(letter.text).not.toMatch(/undefined|null|NaN|Seats|Valid|https|\n\n\n/);
      expect(letter.text).toContain('This mail was sent by Acme.');
      expect([letter.hasButton, letter.blanks.action_url, letter.replyTo]).toEqual([false, '', null]);
    },
  );

  it('say of what never ends that it does not', () => {
    expect(draft('key_issued', { expires_at: null }).text).toContain('Valid until: without end');
    expect(draft('renewed', { expires_at: null }).text).toContain('Your license of Acme goes on.');
  });

  it('are the same in the page', () => {
    const { blanks, text } = draft('renewed');
    for (const part of ['intro', 'outro', 'details', 'help'] as const) expect(text).toContain(blanks[part]);
    expect(blanks).toMatchObject({ colour: '#112233', ink: '#ffffff', brand: 'Acme' });
  });

  it('lead nowhere but into the web', () => {
    for (const action_url of ['javascript:alert(1)', 'data:text/html,x', 'acme.example', '', 7, null])
      expect(draft('renewed', { action_url })).toMatchObject({ hasButton: false, blanks: { action_url: '' } });
  });
});

describe('A letter', () => {
  it('has a name that stays', () => {
    const { state } = aMail();
    const [first, second] = [draftOf(state, acme, null), draftOf({ ...state, attempts: 5 }, acme, null)];
    expect(first.messageId).toBe(`${publicId('mail', state.id)}@acme.latchkey`);
    expect([second.messageId, second.date]).toEqual([first.messageId, state.createdAt]);
  });

  it('comes from the brand, under the name that it has set', () => {
    expect(draft('renewed').from).toEqual({ name: 'Acme', address: 'licenses@latchkey.example' });
    const named = { ...acme, look: { ...acme.look, senderName: 'Acme Plugins' } };
    expect(draft('renewed', facts, named)).toMatchObject({
      from: { name: 'Acme Plugins' },
      text: expect.stringContaining('-- \nAcme Plugins\n'),
    });
  });

  it('has single lines where headers are, whatever the brand and its plans are called', () => {
    const evil = 'Pro\r\nBcc: eve@example.com\u2028\0x';
    const letter = draft('key_issued', { products: [evil] }, { ...acme, look: { ...acme.look, senderName: evil } });
    for (const line of [letter.subject, letter.from.name]) expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    expect(letter.text).not.toMatch(/^Bcc:/m);
    expect(draft('key_issued', { products: ['x'.repeat(500)] }).subject.length).toBeLessThan(130);
  });
});

describe('Text', () => {
  it('tells one address from anything else', () => {
    for (const one of ['jane@example.com', 'jane+shop@sub.example.com', 'zoë@exämple.de', 'licenses@localhost'])
      expect(isAddress(one)).toBe(true);
    for (const other of ['', 'jane', 'a@b, c@d', 'a@b c@d', '<a@b>', 'a@b\r\nBcc: c@d', '"a b"@c', 'a@b@c', `${'x'.repeat(320)}@b`])
      expect([other, isAddress(other)]).toEqual([other, false]);
  });

  it('tells days and moments in UTC, and what is none', () => {
    expect(dayOf('2027-12-31T23:59:59Z')).toBe('31 December 2027');
    expect(momentOf('2027-12-31T23:59:59Z')).toBe('31 December 2027, 23:59 UTC');
    for (const none of [null, undefined, 'soon', 7]) expect([dayOf(none), momentOf(none)]).toEqual([null, null]);
  });

  it('is dark on light colours and light on dark ones', () => {
    for (const dark of ['#000000', '#1f5fbf', '#8a1c1c', '#0b6b3a']) expect(inkOn(dark)).toBe('#ffffff');
    for (const light of ['#ffffff', '#ffd400', '#7fe0c0', '#f0a0a0']) expect(inkOn(light)).toBe('#111111');
  });

  it('makes one line of several, and an address of the web canonical', () => {
    expect(oneLine(' a\r\n\tb\u2029c\0 ')).toBe('a b c');
    expect(webAddress('HTTPS://Acme.example')).toBe('https://acme.example/');
  });
});
