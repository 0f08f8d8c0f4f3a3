import { DomainError, refusal } from '../../../libs/kernel/domain-error';

export class MailNotFound extends DomainError {
  static readonly refusal = refusal('mail_not_found', 'not_found', 'Mail not found', 'The brand has no mail with this id.');
  constructor() {
    super(MailNotFound.refusal, 'There is no such mail.');
  }
}

export class MailIsSent extends DomainError {
  static readonly refusal = refusal(
    'mail_is_sent',
    'conflict',
    'Mail sent already',
    'A mail is sent once. To send a customer a license key again, use `POST /v1/license-keys/{id}/resend`.',
  );
  constructor() {
    super(MailIsSent.refusal, 'This mail was sent.');
  }
}

export class MailKeyForgotten extends DomainError {
  static readonly refusal = refusal(
    'mail_key_forgotten',
    'conflict',
    'License key of the mail is gone',
    'The license key in a mail is kept for seven days after it failed, and no longer than the key is the present one. Send the customer a new key with `POST /v1/license-keys/{id}/resend`.',
  );
  constructor() {
    super(MailKeyForgotten.refusal, 'The license key that was in this mail is no longer kept.');
  }
}
