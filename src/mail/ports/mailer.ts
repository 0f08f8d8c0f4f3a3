import type { Letter } from '../domain/letter';
import type { Outcome } from '../domain/mail';

/** Whoever takes mails and carries them on. */
export abstract class Mailer {
  /** false: there is nobody, so mails wait. */
  abstract readonly isThere: boolean;
  /**
   * One attempt. Whatever happens there is an outcome, whose words hold nothing of the mail's body; it rejects only when `signal` gives up.
   * The same letter again arrives once, where the other side can see to that.
   */
  abstract send(letter: Letter, signal: AbortSignal): Promise<Outcome>;
}
