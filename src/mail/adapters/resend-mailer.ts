import type { OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import type { Letter } from '../domain/letter';
import type { Outcome } from '../domain/mail';
import { Mailer } from '../ports/mailer';
import { headers } from './message-of';

const patienceMs = 10_000;
const api = 'https://api.resend.com';

/** Resend, over its API. The id of the mail makes each attempt the same one there. */
export class ResendMailer implements Mailer, OnApplicationShutdown {
  readonly isThere = true;
  private readonly agent: Agent;

  constructor(
    private readonly apiKey: string,
    private readonly base = api,
    patience = patienceMs,
  ) {
    this.agent = new Agent({ connect: { timeout: patience }, headersTimeout: patience, bodyTimeout: patience });
  }

  async send(letter: Letter, signal: AbortSignal): Promise<Outcome> {
    try {
      const { statusCode, headers, body } = await request(`${this.base}/emails`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json', 'idempotency-key': letter.id },
        body: JSON.stringify(bodyOf(letter)),
        dispatcher: this.agent,
        signal,
      });
      const answer: unknown = await body.json().catch(() => null);
      return outcomeOf(statusCode, nameIn(answer), [headers['retry-after']].flat()[0]);
    } catch (error) {
      if (signal.aborted) throw error;
      return { kind: 'deferred', error: `no answer from Resend (${(error as NodeJS.ErrnoException).code ?? 'failed'})` };
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}

const bodyOf = ({ id, from, to, replyTo, subject, text, html }: Letter) => ({
  from: `"${from.name.replace(/["\\]/g, '\\$&')}" <${from.address}>`,
  to: [to],
  ...(replyTo !== null && { reply_to: replyTo }),
  subject,
  text,
  html,
  headers: { ...headers, 'X-Entity-Ref-ID': id },
});

/** The name that Resend gives to what went wrong. Its words may quote what we sent. */
const nameIn = (answer: unknown): string => {
  const { name } = (answer ?? {}) as { name?: unknown };
  return typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : '';
};

function outcomeOf(status: number, name: string, retryAfter: string | undefined): Outcome {
  if (status < 300) return { kind: 'accepted' };
  // It has taken this mail before, with another look: the brand changed its colours between two attempts.
  if (status === 409 && name === 'invalid_idempotent_request') return { kind: 'accepted' };
  const error = `Resend answered ${[status, name].join(' ').trim()}`;
  const seconds = Number(retryAfter);
  if (status === 429 && seconds > 0) return { kind: 'busy', error, seconds: Math.min(seconds, 3_600) };
  // Our own address is not right: once it is, the mail goes.
  const isRefused = status === 422 && name !== 'invalid_from_address';
  return { kind: isRefused ? 'refused' : 'deferred', error };
}
