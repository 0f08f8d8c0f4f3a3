import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId, publicId } from '../../../libs/kernel/id';
import { CustomerMismatch } from './errors';
import { LicenseKeyCreated, LicenseKeyReissued } from './events';

/** A fresh key: the text goes to the customer once, the rest is kept. */
export interface MintedKey {
  readonly text: string;
  readonly hash: Buffer;
  readonly pepperVersion: number;
  readonly hint: string;
}

export interface LicenseKeyState {
  readonly brandId: BrandId;
  readonly id: string;
  readonly hash: Buffer;
  readonly pepperVersion: number;
  /** The key before the last reissue, while it still works. */
  readonly previousHash: Buffer | null;
  readonly previousUntil: Date | null;
  readonly hint: string;
  readonly customerEmail: string;
  readonly createdAt: Date;
  readonly reissuedAt: Date | null;
}

/** What a customer holds. It unlocks one license or several, each of one product. */
export class LicenseKey extends Aggregate<LicenseKeyState> {
  static issue(brandId: BrandId, customerEmail: string, { hash, pepperVersion, hint }: MintedKey, at: Date): LicenseKey {
    const key = new LicenseKey({
      brandId,
      id: newId(),
      hash,
      pepperVersion,
      previousHash: null,
      previousUntil: null,
      hint,
      customerEmail,
      createdAt: at,
      reissuedAt: null,
    });
    key.record(new LicenseKeyCreated(brandId, at, key.facts()));
    return key;
  }

  /** Replaces a leaked key. Its licenses and seats stay; the old key works for the overlap, one before that no longer. */
  reissue({ hash, pepperVersion, hint }: MintedKey, overlapSeconds: number, at: Date): void {
    const previousUntil = secondsAfter(at, overlapSeconds);
    this.change({ hash, pepperVersion, hint, previousHash: this.state.hash, previousUntil, reissuedAt: at });
    this.record(new LicenseKeyReissued(this.state.brandId, at, { ...this.facts(), previous_until: previousUntil.toISOString() }));
  }

  ensureOf(customerEmail: string): void {
    if (this.state.customerEmail !== customerEmail) throw new CustomerMismatch();
  }

  private facts() {
    return { id: publicId('licenseKey', this.state.id), hint: this.state.hint };
  }
}
