import { publicId } from '../../../libs/kernel/id';
import type { MailState, MailTemplate } from './mail';
import type { MailLook } from './mail-settings';
import { inkOn, oneLine, shortened, webAddress } from './text';
import { detailsOf, helpOf, type Words, wordsOf } from './words';

/** A mail as it leaves. No part of it can become another header: each is one line, but for the body. */
export interface Letter {
  /** Public; the same on every attempt, so that whoever carries it can tell it again. */
  readonly id: string;
  /** Without its angle brackets; the same on every attempt. */
  readonly messageId: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly replyTo: string | null;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** When it was asked for. */
  readonly date: Date;
}

/** For whom it is sent. */
export interface OnBehalf {
  readonly brand: { readonly name: string; readonly slug: string };
  readonly look: MailLook;
  /** The address that mails come from. */
  readonly address: string;
}

/** A mail in words, and what the page of its template has to be filled with. */
export interface Draft extends Omit<Letter, 'html'> {
  readonly template: MailTemplate;
  readonly blanks: Readonly<Record<string, string>>;
  readonly hasButton: boolean;
}

export function draftOf(mail: MailState, { brand, look, address }: OnBehalf, licenseKey: string | null): Draft {
  const name = shortened(oneLine(look.senderName ?? brand.name), 100);
  const words = wordsOf[mail.template]({ brand: name, facts: mail.facts });
  const [action, details] = [webAddress(mail.facts.action_url), detailsOf(mail.facts)];
  const help = helpOf(name, look.replyTo, look.supportUrl);
  const id = publicId('mail', mail.id);
  return {
    id,
    messageId: `${id}@${brand.slug}.latchkey`,
    from: { name, address },
    replyTo: look.replyTo,
    to: mail.recipient,
    subject: oneLine(words.subject),
    text: textOf[mail.template]({ words, key: licenseKey ?? '', details: details.join('\n'), action, help, name }),
    date: mail.createdAt,
    template: mail.template,
    blanks: {
      ...words,
      brand: name,
      license_key: licenseKey ?? '',
      details: details.join('\n'),
      action_url: action ?? '',
      help,
      colour: look.colour,
      ink: inkOn(look.colour),
    },
    hasButton: action !== null,
  };
}

interface Parts {
  readonly words: Words;
  readonly key: string;
  readonly details: string;
  readonly action: string | null;
  readonly help: string;
  readonly name: string;
}

/** The part of the mail without any layout. */
const textOf: Readonly<Record<MailTemplate, (parts: Parts) => string>> = {
  key_issued: ({ words, key, details, action, help, name }) =>
    paragraphs(words.intro, `    ${key}`, details, link(words, action), words.outro, help, signed(name)),
  key_reissued: ({ words, key, details, action, help, name }) =>
    paragraphs(words.intro, `    ${key}`, words.outro, link(words, action), details, help, signed(name)),
  renewed: ({ words, details, action, help, name }) =>
    paragraphs(words.intro, details, words.outro, link(words, action), help, signed(name)),
  payment_failed: ({ words, details, action, help, name }) =>
    paragraphs(words.intro, link(words, action), details, words.outro, help, signed(name)),
  expiring_soon: ({ words, details, action, help, name }) =>
    paragraphs(words.intro, words.outro, link(words, action), details, help, signed(name)),
};

const paragraphs = (...parts: (string | null)[]): string => `${parts.filter((part) => part).join('\n\n')}\n`;
const link = ({ button }: Words, action: string | null): string | null => action && `${button}: ${action}`;
const signed = (name: string): string => `-- \n${name}`;
