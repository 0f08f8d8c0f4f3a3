import type { SendMailOptions } from 'nodemailer';
import type { Letter } from '../domain/letter';

/** A letter as nodemailer takes it. The recipient is one address and never a list of them. */
export const messageOf = ({ id: _, from, replyTo, to, messageId, ...letter }: Letter) =>
  ({
    ...letter,
    from,
    to: { name: '', address: to },
    ...(replyTo !== null && { replyTo: { name: '', address: replyTo } }),
    messageId: `<${messageId}>`,
    headers,
  }) satisfies SendMailOptions;

/** So that nobody's answering machine answers (RFC 3834). */
export const headers = { 'Auto-Submitted': 'auto-generated' };
