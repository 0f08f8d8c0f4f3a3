import { createTransport } from 'nodemailer';
import type { Letter } from '../domain/letter';
import type { Outcome } from '../domain/mail';
import { Mailer } from '../ports/mailer';
import { messageOf } from './message-of';
import { outcomeOfFailure } from './smtp-outcomes';

const patienceMs = 10_000;

/** A mail server. Each mail has a connection of its own. */
export class SmtpMailer implements Mailer {
  readonly isThere = true;
  private readonly transport;

  /** @param url smtp://user:password@host:587, or smtps://…:465 */
  constructor(url: string, patience = patienceMs) {
    const timeouts = { connectionTimeout: patience, greetingTimeout: patience, socketTimeout: patience, dnsTimeout: patience };
    this.transport = createTransport({ url, ...timeouts, disableFileAccess: true, disableUrlAccess: true });
  }

  async send(letter: Letter, signal: AbortSignal): Promise<Outcome> {
    try {
      await this.transport.sendMail({ ...messageOf(letter), signal });
      return { kind: 'accepted' };
    } catch (error) {
      if (signal.aborted) throw error;
      return outcomeOfFailure(error);
    }
  }
}
