import { uuidv7 } from 'uuidv7';

/** What the ids of each kind of thing begin with on the wire. */
export const idPrefixes = {
  brand: 'brd',
  product: 'prd',
  licenseKey: 'key',
  license: 'lic',
  activation: 'act',
  apiKey: 'apk',
  event: 'evt',
  webhookEndpoint: 'whe',
  webhookDelivery: 'whd',
  plan: 'pln',
  purchase: 'pur',
  mail: 'mai',
  auditLog: 'aud',
  request: 'req',
} as const;
export type IdKind = keyof typeof idPrefixes;

/** A UUIDv7 (RFC 9562): unique, and sorting by the time it was made. */
export const newId = (): string => uuidv7();

/** `lic_` and 26 base32hex digits of the UUID, which sort as the UUID does. */
export function publicId(kind: IdKind, uuid: string): string {
  const hex = uuid.replaceAll('-', '');
  let digits = base32(hex.slice(0, 2), 2);
  // Twenty bits at a time: an answer has several ids, and a number is much quicker than a BigInt.
  for (let i = 2; i < 32; i += 5) digits += base32(hex.slice(i, i + 5), 4);
  return `${idPrefixes[kind]}_${digits}`;
}

const base32 = (hex: string, length: number): string => parseInt(hex, 16).toString(32).padStart(length, '0');

/** The UUID behind a public id of that kind; null when it is none. */
export function parsePublicId(kind: IdKind, text: string): string | null {
  const prefix = `${idPrefixes[kind]}_`;
  const digits = text.slice(prefix.length);
  if (!text.startsWith(prefix) || !/^[0-7][0-9a-v]{25}$/.test(digits)) return null;
  let value = 0n;
  for (const digit of digits) value = value * 32n + BigInt(parseInt(digit, 32));
  const hex = value.toString(16).padStart(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
