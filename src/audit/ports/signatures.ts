/** Signs with a key that the database does not hold. */
export abstract class Signatures {
  abstract sign(message: Buffer): { version: number; signature: Buffer };
  /** Whether the key of that version signed exactly this. */
  abstract verify(message: Buffer, version: number, signature: Buffer): boolean;
  /** By which anybody can check: a PEM. */
  abstract publicKey(version: number): string;
}
