/** Keeps a license key from the moment a mail is asked for until it is sent. */
export abstract class KeySafe {
  /** Opens for that mail only. */
  abstract seal(mailId: string, licenseKey: string): Buffer;
  /** null when the key that it was sealed under is gone. */
  abstract open(mailId: string, sealed: Buffer): string | null;
}
