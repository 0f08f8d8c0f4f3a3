import type { MailTemplate } from '../domain/mail';

/** The layouts of mails, made when the service was built. */
export abstract class MailPages {
  /** The page with its blanks filled in, each value as plain text; with the button only if there is one. @throws MissingBlank, MissingPages */
  abstract fill(template: MailTemplate, blanks: Readonly<Record<string, string>>, hasButton: boolean): string;
}
