import { DomainError, refusal } from '../../../libs/kernel/domain-error';
import { parsedUrl } from '../../../libs/kernel/url';

export class HostNotAllowed extends DomainError {
  static readonly refusal = refusal(
    'host_not_allowed',
    'unprocessable',
    'Host not allowed',
    'Customers are sent back only to hosts that the brand has named, or a stolen API key would lead them anywhere. ' +
      'Add the host to `allowed_hosts` of the billing account, with its port if it has one.',
  );
  constructor(pointer: string, host: string) {
    const detail = `${host} is none of the allowed_hosts of the billing account.`;
    super(HostNotAllowed.refusal, detail, { errors: [{ pointer, detail }] });
  }
}

const maxLength = 2_000;
/** Stands for the id of the session in an address. */
const placeholder = '{CHECKOUT_SESSION_ID}';
/** What RFC 3986 lets an address be made of: readers agree on these. */
const characters = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/;
const local = ['localhost', '127.0.0.1'];

/** What is wrong with an address for people: https, or http on this machine. null when nothing is. */
export function faultOfAddress(text: unknown, { mayHoldSession = false } = {}): string | null {
  if (typeof text !== 'string') return 'must be a string';
  if (text.length > maxLength) return `must have at most ${maxLength} characters`;
  const authority = /^https?:\/\/([^/?#]+)/i.exec(text)?.[1];
  if (authority === undefined || !parsedUrl(text)) return 'must be an address like https://shop.example/thanks';
  if (authority.includes('@')) return 'must hold no credentials';
  const filled = mayHoldSession ? authority + text.slice(text.indexOf(authority) + authority.length).replaceAll(placeholder, '') : text;
  if (!characters.test(filled)) return 'must be percent-encoded: it holds a character that an address cannot hold';
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || local.includes(hostname) ? null : 'must begin with https:// (http:// is for localhost)';
}

/** A host as addresses name it, with its port if it has one; null for what is none. */
export function hostOf(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > 260 || /[\s/?#@\\%]/.test(text) || !parsedUrl(`https://${text}`)) return null;
  const { host } = new URL(`https://${text}`);
  return /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d+)?$/.test(host) ? host : null;
}

/** @throws HostNotAllowed */
export function ensureAllowed(address: string, allowedHosts: readonly string[], pointer: string): void {
  const { host, hostname, port, protocol } = new URL(address);
  const withPort = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  if (!allowedHosts.some((allowed) => allowed === host || allowed === withPort)) throw new HostNotAllowed(pointer, host);
}
