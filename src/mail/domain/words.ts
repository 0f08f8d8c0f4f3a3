import type { MailFacts, MailTemplate } from './mail';
import { dayOf, momentOf, oneLine, shortened, webAddress } from './text';

/** What a mail says, apart from how it looks. */
export interface Words {
  readonly subject: string;
  readonly headline: string;
  readonly intro: string;
  readonly outro: string;
  /** What stands on the button; nobody sees it without an address. */
  readonly button: string;
}

/** All that a mail may tell of. */
export interface Told {
  readonly brand: string;
  readonly facts: MailFacts;
}

/** How each mail is worded. */
export const wordsOf: Readonly<Record<MailTemplate, (told: Told) => Words>> = {
  key_issued: (told) => ({
    subject: `Your license key for ${thingsOf(told)}`,
    headline: 'Your license key',
    intro: `Welcome to ${told.brand}. This is your license key for ${thingsOf(told)}:`,
    outro: 'Keep this mail. We store the key so that nobody can read it, and so we cannot look it up for you.',
    button: 'Get started',
  }),
  key_reissued: (told) => ({
    subject: `Your new license key for ${thingsOf(told)}`,
    headline: 'Your new license key',
    intro: `This license key for ${thingsOf(told)} takes the place of your old one:`,
    outro: `${oldKey(told.facts)} Keep this mail: we store the key so that nobody can read it, and so we cannot look it up for you.`,
    button: 'Change the key',
  }),
  renewed: (told) => ({
    subject: `${thingsOf(told)} was renewed`,
    headline: 'Renewed',
    intro: `Thank you. Your license of ${thingsOf(told)} ${goesOn(told.facts)}`,
    outro: 'There is nothing that you have to do: your license key stays the same.',
    button: 'See your license',
  }),
  payment_failed: (told) => ({
    subject: `Your payment for ${thingsOf(told)} did not go through`,
    headline: 'Your payment did not go through',
    intro: `We could not take the payment for ${thingsOf(told)}. Please look at your card, or choose another one.${stillWorks(told.facts)}`,
    outro: 'If you have put it right meanwhile, there is nothing more to do.',
    button: 'Update your payment',
  }),
  expiring_soon: (told) => ({
    subject: `${thingsOf(told)} ends ${endOf(told.facts)}`,
    headline: 'Your license ends soon',
    intro: `Your license of ${thingsOf(told)} ends ${endOf(told.facts)}.`,
    outro: 'If you want to go on using it, renew it before then.',
    button: 'Renew now',
  }),
};

/** What the license is of, by the names that were given. */
function thingsOf({ brand, facts: { products, plan } }: Told): string {
  const names = Array.isArray(products) && products.length > 0 ? products.join(', ') : typeof plan === 'string' && plan ? plan : brand;
  return shortened(oneLine(names), 100);
}

const oldKey = ({ old_key_until }: MailFacts): string => {
  const until = momentOf(old_key_until);
  return until ? `The old one works until ${until}, so that you have time to change it.` : 'The old one works no longer.';
};

const goesOn = ({ expires_at }: MailFacts): string => {
  const until = dayOf(expires_at);
  return until ? `now runs until ${until}.` : 'goes on.';
};

const stillWorks = ({ expires_at }: MailFacts): string => {
  const until = dayOf(expires_at);
  return until ? ` Until ${until} everything works as before.` : '';
};

const endOf = ({ expires_at, days_before }: MailFacts): string => {
  const day = dayOf(expires_at);
  if (day) return `on ${day}`;
  return typeof days_before === 'number' ? `in ${days_before} ${days_before === 1 ? 'day' : 'days'}` : 'soon';
};

/** What else is known, a line each. */
export function detailsOf({ plan, products, seats, expires_at, old_key_until: _, ...others }: MailFacts): string[] {
  const until = expires_at === null ? 'without end' : dayOf(expires_at);
  const lines: [string, unknown][] = [
    ['Plan', plan],
    ['Products', Array.isArray(products) ? products.join(', ') : products],
    ['Seats', seats],
    ['Valid until', until],
    ['Amount', others.amount],
  ];
  return lines
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => `${name}: ${said(value)}`);
}

const said = (value: unknown): string => shortened(oneLine(String(value)), 300);

/** Whom to turn to. */
export function helpOf(brand: string, replyTo: string | null, supportUrl: string | null): string {
  const ways = [replyTo && 'answer this mail', webAddress(supportUrl) && `see ${supportUrl}`].filter((way) => way);
  return ways.length > 0 ? `Questions? You can ${ways.join(' or ')}.` : `This mail was sent by ${brand}.`;
}
