import { randomBytes } from 'node:crypto';

/**
 * The license key: `PREFIX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`. The prefix is the brand's; then come 27 random symbols of
 * Crockford's base 32 (135 bits) and 3 check symbols over prefix and symbols. Case, spaces and hyphens do not matter;
 * I and L read as 1, O as 0, in the prefix too.
 */
export interface ParsedLicenseKey {
  /** The prefix as it is looked up: I, L and O folded to the digits they are mistaken for. */
  readonly prefix: string;
  /** The one spelling of the key that is hashed. */
  readonly canonical: string;
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const randomSymbols = 27;
const bodySymbols = 30;

export const keyPrefixPattern = /^[A-Z][A-Z0-9]{1,9}$/;

export const foldPrefix = (prefix: string): string => prefix.replace(/[IL]/g, '1').replaceAll('O', '0');

export function mintLicenseKey(prefix: string): string {
  const symbols = Array.from(randomBytes(randomSymbols), (byte) => alphabet[byte & 31]).join('');
  return format(prefix, symbols + checkSymbols(foldPrefix(prefix), symbols));
}

/** What was typed, if it can be a key at all: null for a wrong length, a foreign symbol or check symbols that do not fit. */
export function parseLicenseKey(text: string): ParsedLicenseKey | null {
  if (text.length > 100) return null;
  const typed = foldPrefix(text.replace(/[\s-]/g, '').toUpperCase());
  const prefix = typed.slice(0, -bodySymbols);
  const body = typed.slice(-bodySymbols);
  if (!/^[A-Z0-9]{2,10}$/.test(prefix) || !/^[0-9A-HJKMNP-TV-Z]{30}$/.test(body)) return null;
  const symbols = body.slice(0, randomSymbols);
  if (body.slice(randomSymbols) !== checkSymbols(prefix, symbols)) return null;
  return { prefix, canonical: `${prefix}-${body}` };
}

/** The only form in which a key is shown again: `RM-…-7K2QF`. */
export const maskLicenseKey = (key: string): string => key.replace(/^([^-]+)-.*-([^-]+)$/, '$1-…-$2');

function format(prefix: string, body: string): string {
  return [prefix, ...(body.match(/.{5}/g) ?? [])].join('-');
}

/**
 * CRC-15 (the polynomial of CAN, 0x4599) as three symbols: it finds every wrong symbol, every swap of neighbours and every
 * error within three symbols side by side.
 */
function checkSymbols(foldedPrefix: string, symbols: string): string {
  let crc = 0x7fff;
  const feed = (value: number, bits: number): void => {
    for (let bit = bits - 1; bit >= 0; bit--) {
      const carry = ((crc >> 14) ^ (value >> bit)) & 1;
      crc = ((crc << 1) & 0x7fff) ^ (carry ? 0x4599 : 0);
    }
  };
  for (const letter of foldedPrefix) feed(parseInt(letter, 36), 6);
  for (const symbol of symbols) feed(alphabet.indexOf(symbol), 5);
  return [10, 5, 0].map((shift) => alphabet[(crc >> shift) & 31]).join('');
}
