export { MailModule } from './mail.module';
export { MailDesk } from './use-cases/mail-desk';
export type { MailAsked, MailFacts, MailTemplate } from './domain/mail';
export { type Carrier, MailRoute } from './ports/mail-route';
