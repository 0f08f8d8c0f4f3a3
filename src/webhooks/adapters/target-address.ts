import ipaddr from 'ipaddr.js';
import { parsedUrl } from '../../../libs/kernel/url';

const ports = ['', '443', '8443'];

/** Whether the address belongs to the public internet: not this machine, not its network, and nothing that leads there by a detour. */
export function isPublic(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  // What is global in IPv6 lies there; the rest is reserved, or an old way to write an address of IPv4.
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(globalIPv6));
}

const globalIPv6 = ipaddr.parseCIDR('2000::/3');

/** The address that a host names itself, without a resolver: 127.0.0.1, or ::1 in its brackets. Null for a name. */
export function literalIn(host: string): string | null {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(bare) ? bare : null;
}

/** What is wrong with where a webhook should go, in words; null when nothing can be seen to be. Names are looked at when they are resolved. */
export function faultOfTarget(text: string, allowsPrivate: boolean): string | null {
  // Reads octal, hexadecimal and shortened addresses as every browser does, so what follows sees the one true form.
  const url = parsedUrl(text);
  if (!url || /\s/.test(text)) return 'must be a URL like https://shop.example/hooks';
  if (url.protocol !== 'https:' && !(allowsPrivate && url.protocol === 'http:')) return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password';
  if (url.hash !== '' || text.includes('#')) return 'must not hold a fragment';
  if (allowsPrivate) return null;
  if (!ports.includes(url.port)) return 'must name no port, or 443 or 8443';
  const literal = literalIn(url.hostname);
  return literal === null || isPublic(literal) ? null : 'must not name a private address';
}
