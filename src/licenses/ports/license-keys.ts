import type { BrandId } from '../../../libs/kernel/brand-id';
import type { LicenseKey } from '../domain/license-key';

export abstract class LicenseKeys {
  /** Held until the unit of work ends. */
  abstract hold(brandId: BrandId, id: string): Promise<LicenseKey | null>;
  /** The key behind one of the hashes, be it the present one or, at that time, still the one before. */
  abstract find(brandId: BrandId, hashes: readonly Buffer[], at: Date): Promise<LicenseKey | null>;
  abstract save(key: LicenseKey): Promise<void>;
}
