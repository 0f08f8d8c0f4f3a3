import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

export type Mode = 'live' | 'test';
export type Role = 'brand' | 'internal';

/** What a presented API key is found and checked by. */
export interface PresentedSecret {
  readonly publicPart: string;
  readonly hash: Buffer;
}

export interface MintedSecret extends PresentedSecret {
  /** The whole key; exists only here and in the answer that shows it. */
  readonly text: string;
  /** What may be shown of it. */
  readonly hint: string;
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const random62 = (length: number): string => Array.from({ length }, () => base62[randomInt(62)]).join('');
const form = /^(lk_(?:live|test)_[bi]_([0-9A-Za-z]{8})_[0-9A-Za-z]{27})([0-9A-Za-z]{6})$/;

/** `lk_<live|test>_<b|i>_<8 public characters>_<27 of base62: 160 bits><6 of checksum>`. */
export function mintSecret(mode: Mode, role: Role): MintedSecret {
  const publicPart = random62(8);
  const head = `lk_${mode}_${role === 'brand' ? 'b' : 'i'}_${publicPart}`;
  const unchecked = `${head}_${random62(27)}`;
  const text = unchecked + checksum(unchecked);
  return { text, publicPart, hash: sha256(text), hint: `${head}_…` };
}

/** Null for what was mistyped or cut off: its checksum tells, without a question to the database. */
export function parseSecret(text: string): PresentedSecret | null {
  const [, unchecked, publicPart, check] = form.exec(text) ?? [];
  if (!unchecked || !publicPart || checksum(unchecked) !== check) return null;
  return { publicPart, hash: sha256(text) };
}

/** In constant time. */
export const sameHash = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Finds typing errors; it keeps no secret. */
function checksum(text: string): string {
  let value = sha256(text).readUIntBE(0, 6);
  let symbols = '';
  for (let i = 0; i < 6; i++, value = Math.floor(value / 62)) symbols += base62[value % 62];
  return symbols;
}
