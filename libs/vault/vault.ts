import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';

/** A server secret, kept outside of the database. The highest version encrypts and signs; all of them decrypt and check. */
export interface EncryptionKey {
  readonly version: number;
  readonly secret: string;
}

/** The encryption keys that are in use, given by whoever starts the service. */
export abstract class EncryptionKeys {
  abstract readonly all: readonly EncryptionKey[];
}

/** What was sealed cannot be opened: the key is missing, or it was changed or moved. */
export class CannotOpen extends Error {}

/** The version of the key that sealed it. */
export const versionOf = (sealed: Buffer): number => sealed.readUInt16BE();

const ivBytes = 12;
const tagBytes = 16;

/**
 * Keeps secrets at rest: AES-256-GCM under a key derived (HKDF-SHA-256) from an encryption key, behind the version of that key.
 * The context says what the text belongs to; elsewhere it does not open.
 */
export class Vault {
  private readonly derived = new Map<string, Buffer>();
  /** Reading a key costs ten times what signing with it does. */
  private readonly signing = new Map<number, KeyObject>();

  constructor(private readonly keys: EncryptionKeys) {}

  /** Of the key that encrypts. */
  get version(): number {
    return this.newest.version;
  }

  /** Answers the version (2 bytes), a nonce (12), the tag (16) and the ciphertext. */
  seal(text: string, context: string): Buffer {
    const { version } = this.newest;
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.keyFor(version, 'seal'), iv).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    const head = Buffer.alloc(2);
    head.writeUInt16BE(version);
    return Buffer.concat([head, iv, cipher.getAuthTag(), sealed]);
  }

  /** @throws CannotOpen */
  open(sealed: Buffer, context: string): string {
    try {
      const iv = sealed.subarray(2, 2 + ivBytes);
      const tag = sealed.subarray(2 + ivBytes, 2 + ivBytes + tagBytes);
      const key = this.keyFor(versionOf(sealed), 'seal');
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(context)).setAuthTag(tag);
      return decipher.update(sealed.subarray(2 + ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new CannotOpen(`What was sealed for ${context} cannot be opened. Is its key in ENCRYPTION_KEYS?`, { cause });
    }
  }

  /** An Ed25519 signature (RFC 8032), and the version of the key that made it. */
  sign(message: Buffer): { version: number; signature: Buffer } {
    const { version } = this.newest;
    return { version, signature: sign(null, message, this.signingKey(version)) };
  }

  /** Whether the key of that version signed exactly this. */
  verify(message: Buffer, version: number, signature: Buffer): boolean {
    return this.knows(version) && verify(null, message, this.signingKey(version), signature);
  }

  /** By which anybody can check the signatures of that version: a PEM. */
  publicKey(version: number): string {
    return createPublicKey(this.signingKey(version)).export({ type: 'spki', format: 'pem' }) as string;
  }

  private get newest(): EncryptionKey {
    return this.keys.all.reduce((one, other) => (other.version > one.version ? other : one));
  }

  private knows(version: number): boolean {
    return this.keys.all.some((key) => key.version === version);
  }

  private signingKey(version: number): KeyObject {
    const known = this.signing.get(version);
    if (known) return known;
    // RFC 8410: an Ed25519 private key in PKCS #8 is this prefix and the 32 bytes of its seed.
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), this.keyFor(version, 'sign')]);
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    this.signing.set(version, key);
    return key;
  }

  private keyFor(version: number, purpose: 'seal' | 'sign'): Buffer {
    const name = `${purpose} ${version}`;
    const known = this.derived.get(name);
    if (known) return known;
    const key = this.keys.all.find((one) => one.version === version);
    if (!key) throw new CannotOpen(`ENCRYPTION_KEYS lacks version ${version}.`);
    const derived = Buffer.from(hkdfSync('sha256', key.secret, '', `latchkey ${purpose}`, 32));
    this.derived.set(name, derived);
    return derived;
  }
}
