import type { Outcome } from '../domain/mail';
import { oneLine, shortened } from '../domain/text';

interface SmtpFailure {
  readonly code?: string;
  readonly originalCode?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

/** What the server may be quoted on: it was said before the server had seen the mail, and not of who we are. */
const quotable = ['CONN', 'EHLO', 'HELO', 'MAIL FROM', 'RCPT TO'];

/** A server refuses a recipient for good, or an address cannot even be asked for; whatever else went wrong may go well another time. */
export function outcomeOfFailure(failure: unknown): Outcome {
  const { code, command, responseCode } = failure as SmtpFailure;
  const error = wordsFor(failure as SmtpFailure);
  const isRefused = command === 'RCPT TO' && responseCode !== undefined && responseCode >= 500;
  const isNoAddress = command === 'API' && code === 'EENVELOPE';
  return { kind: isRefused || isNoAddress ? 'refused' : 'deferred', error };
}

function wordsFor({ code, originalCode, command, responseCode, response = '' }: SmtpFailure): string {
  if (responseCode) {
    const said = quotable.includes(command ?? '') ? shortened(oneLine(response), 200) : codesIn(response, responseCode);
    return `the mail server answered ${said} to ${nameOf(command)}`;
  }
  if (code === 'EENVELOPE') return 'the address cannot be written to';
  if (code === 'EAUTH') return 'the mail server does not let us log in';
  if (code === 'ETLS') return 'no TLS with the mail server';
  return `no answer from the mail server (${originalCode ?? code ?? 'failed'})`;
}

/** `550 5.1.1`: what it means, and none of the words. */
const codesIn = (response: string, responseCode: number): string =>
  [responseCode, /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(response)?.[0]].filter((one) => one !== undefined).join(' ');

const nameOf = (command = 'CONN'): string => (command === 'CONN' ? 'our call' : command.split(' ')[0] === 'AUTH' ? 'AUTH' : command);
