import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import type { License, LicenseState } from '../domain/license';

export abstract class Licenses {
  abstract find(reach: Reach, id: string): Promise<LicenseState | null>;
  /** Held until the unit of work ends: its seats cannot change meanwhile. */
  abstract hold(brandId: BrandId, id: string): Promise<License | null>;
  /** The key's license of that product, held; a cancelled one only when there is no other. */
  abstract holdOfKey(brandId: BrandId, licenseKeyId: string, productCode: string): Promise<License | null>;
  /** All licenses of the key, as they are; the one that counts for a product comes first. */
  abstract ofKey(brandId: BrandId, licenseKeyId: string): Promise<LicenseState[]>;
  /** @throws AlreadyLicensed */
  abstract save(license: License): Promise<void>;
}
