import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { maskLicenseKey, mintLicenseKey, parseLicenseKey } from '../../../libs/license-key/license-key';
import type { MintedKey } from '../domain/license-key';
import { KeyMint } from '../ports/key-mint';
import { type Pepper, Peppers } from '../ports/peppers';

/** HMAC-SHA-256 under the newest pepper; the older ones still open what was hashed under them. */
@Injectable()
export class PepperedKeyMint implements KeyMint {
  private readonly newestFirst: readonly Pepper[];

  constructor(peppers: Peppers) {
    this.newestFirst = [...peppers.all].sort((a, b) => b.version - a.version);
  }

  mint(prefix: string): MintedKey {
    const text = mintLicenseKey(prefix);
    const [pepper] = this.newestFirst;
    return { text, hash: hmac(pepper!, parseLicenseKey(text)!.canonical), pepperVersion: pepper!.version, hint: maskLicenseKey(text) };
  }

  hashesOf(canonical: string): Buffer[] {
    return this.newestFirst.map((pepper) => hmac(pepper, canonical));
  }
}

export const hmac = ({ secret }: Pepper, text: string): Buffer => createHmac('sha256', secret).update(text).digest();
