import { createHmac } from 'node:crypto';
import { publicId } from '../../../libs/kernel/id';

/** The event, as the log has it. */
export interface Told {
  readonly eventId: string;
  readonly eventType: string;
  readonly occurredAt: Date;
  readonly data: object;
  /** The trace of the request that caused it. */
  readonly traceparent: string | null;
}

const maxBytes = 20 * 1024;

/** The same bytes on every try, so that a receiver may compare them. */
export function bodyOf({ eventType, occurredAt, data }: Told): string {
  const whole = JSON.stringify({ type: eventType, timestamp: occurredAt.toISOString(), data });
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  // Receivers need not take more; whoever wants the rest asks for the object.
  const { id, version } = data as { id?: unknown; version?: unknown };
  return JSON.stringify({ type: eventType, timestamp: occurredAt.toISOString(), data: { id, version } });
}

/** The headers of Standard Webhooks 1.0: one signature for each secret, so that a receiver may change over when it likes. */
export function headersOf({ eventId, traceparent }: Told, body: string, secrets: readonly string[], at: Date): Record<string, string> {
  const id = publicId('event', eventId);
  const timestamp = String(Math.floor(at.getTime() / 1000));
  return {
    'content-type': 'application/json',
    'user-agent': 'Latchkey',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`).join(' '),
    ...(traceparent !== null && { traceparent }),
  };
}

const sign = (secret: string, content: string): string =>
  createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(content)
    .digest('base64');
