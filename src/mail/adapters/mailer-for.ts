import type { Mailer } from '../ports/mailer';
import type { MailRoute } from '../ports/mail-route';
import { FileMailer } from './file-mailer';
import { NoMailer } from './no-mailer';
import { ResendMailer } from './resend-mailer';
import { SmtpMailer } from './smtp-mailer';

export function mailerFor({ carrier }: MailRoute): Mailer {
  switch (carrier?.by) {
    case 'smtp':
      return new SmtpMailer(carrier.url);
    case 'resend':
      return new ResendMailer(carrier.apiKey);
    case 'file':
      return new FileMailer(carrier.folder);
    case undefined:
      return new NoMailer();
  }
}
