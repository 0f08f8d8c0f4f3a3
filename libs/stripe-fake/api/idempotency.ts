import { createHash } from 'node:crypto';
import { ApiError } from '../objects/api-error';

export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** The answers of one account to requests with a key: the same request gets the same answer, another one a refusal. */
export class KeptAnswers {
  private readonly kept = new Map<string, { asked: string; answer: Answer }>();

  recall(key: string, path: string, body: string): Answer | null {
    const kept = this.kept.get(key);
    if (!kept) return null;
    if (kept.asked === fingerprint(path, body)) return kept.answer;
    const message =
      'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
      `Try using a key other than '${key}' if you meant to execute a different request.`;
    throw new ApiError(400, message, { type: 'idempotency_error' });
  }

  keep(key: string, path: string, body: string, answer: Answer): void {
    this.kept.set(key, { asked: fingerprint(path, body), answer });
  }
}

const fingerprint = (path: string, body: string): string => createHash('sha256').update(`${path}\n${body}`).digest('hex');
