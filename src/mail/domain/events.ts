import { DomainEvent, EventType } from '../../../libs/kernel/domain-event';

/** A mail as it is afterwards; to whom it goes can be looked up by whoever may. */
export interface MailEventFacts {
  readonly id: string;
  readonly template: string;
  readonly license_key_id: string | null;
  readonly status: string;
  readonly attempts: number;
}

const aMail: MailEventFacts = {
  id: 'mai_06efg00000e0082000000000000',
  template: 'key_issued',
  license_key_id: 'key_06efg00000e0082000000000000',
  status: 'failed',
  attempts: 1,
};

@EventType('mail.failed', 'A mail to a customer was given up: it was refused, or nobody took it for three days.', aMail)
export class MailFailed extends DomainEvent<MailEventFacts> {}
@EventType('mail.retried', 'Somebody asked to send a mail at once that was waiting or had failed.', { ...aMail, status: 'waiting' })
export class MailRetried extends DomainEvent<MailEventFacts> {}

/** How mails of the brand look. */
export interface MailSettingsFacts {
  /** Of the brand. */
  readonly id: string;
  readonly version: number;
  readonly sender_name: string | null;
  readonly colour: string;
}

@EventType('mail_settings.updated', 'The sender, the colour or the addresses in the mails of a brand were changed.', {
  id: 'brd_06efg00000e0082000000000000',
  version: 1,
  sender_name: 'Demo Plugins',
  colour: '#1f5fbf',
})
export class MailSettingsUpdated extends DomainEvent<MailSettingsFacts> {}
