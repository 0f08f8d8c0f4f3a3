import type { Answer } from '../domain/delivery';

export interface Message {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The other side of a webhook. */
export abstract class Receiver {
  /** One try. Whatever happens there is an answer; it rejects only when `signal` gives up. */
  abstract send(message: Message, signal: AbortSignal): Promise<Answer>;
}
