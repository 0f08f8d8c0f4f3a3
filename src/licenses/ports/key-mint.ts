import type { MintedKey } from '../domain/license-key';

/** Makes license keys and hashes them under the server's peppers. */
export abstract class KeyMint {
  abstract mint(prefix: string): MintedKey;
  /** What the key may be stored as: one hash for each pepper that is in use, the current one first. */
  abstract hashesOf(canonical: string): Buffer[];
}
