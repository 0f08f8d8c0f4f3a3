import type { BrandId } from '../../../libs/kernel/brand-id';

/** Keeps the secrets of accounts at rest. What was sealed for one brand and purpose does not open for another. */
export abstract class AccountSecrets {
  abstract seal(brandId: BrandId, purpose: SecretPurpose, text: string): Buffer;
  /** @throws CannotOpen when the key that sealed it is gone */
  abstract open(brandId: BrandId, purpose: SecretPurpose, sealed: Buffer): string;
  /** Whether this text was sealed; false as well when that cannot be opened any more. */
  abstract holds(brandId: BrandId, purpose: SecretPurpose, sealed: Buffer, text: string): boolean;
}

export type SecretPurpose = 'secret key' | 'webhook secret';
