import { errors } from 'undici';
import { AddressNotAllowed } from './guarded-connector';

const words: [pattern: RegExp, words: string][] = [
  [/^ECONNREFUSED$/, 'connection refused'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'connection reset'],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/, 'timed out'],
  [/^(ENOTFOUND|ENODATA)$/, 'name not found'],
  [/^EAI_/, 'name could not be resolved'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENETDOWN)$/, 'not reachable'],
  [/CERT|SELF_SIGNED|ISSUER|SIGNATURE/, 'certificate not trusted'],
  [/^(EPROTO|ERR_SSL_|ERR_TLS_)/, 'TLS failed'],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'no valid HTTP'],
];

/** Why there was no answer, for the brand's developers. It tells nothing of our own network. */
export function wordsFor(error: unknown): string {
  if (error instanceof AddressNotAllowed) return error.message;
  if (error instanceof DOMException && ['TimeoutError', 'AbortError'].includes(error.name)) return 'timed out';
  if (error instanceof errors.HTTPParserError) return 'no valid HTTP';
  const { code = '' } = error as { code?: unknown };
  return words.find(([pattern]) => pattern.test(String(code)))?.[1] ?? 'failed';
}
