import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Outcome } from '../domain/mail';
import { Mailer } from '../ports/mailer';

/** Nobody takes mails: they wait until somebody does. */
export class NoMailer implements Mailer, OnApplicationBootstrap {
  readonly isThere = false;
  private readonly logger = new Logger(NoMailer.name);

  onApplicationBootstrap(): void {
    this.logger.warn('Mails wait: neither SMTP_URL nor RESEND_API_KEY is set');
  }

  async send(): Promise<Outcome> {
    return { kind: 'deferred', error: 'nobody takes mails' };
  }
}
