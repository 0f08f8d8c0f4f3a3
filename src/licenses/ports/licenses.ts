import type { AllBrands, BrandId, Reach } from '../../../libs/kernel/brand-id';
import type { License, LicenseState } from '../domain/license';

/** Which license of which brand. */
export type LicenseName = Pick<LicenseState, 'brandId' | 'id'>;

export abstract class Licenses {
  abstract find(reach: Reach, id: string): Promise<LicenseState | null>;
  /** Held until the unit of work ends: its seats cannot change meanwhile. */
  abstract hold(brandId: BrandId, id: string): Promise<License | null>;
  /** The key's license of that product, held; a cancelled one only when there is no other. */
  abstract holdOfKey(brandId: BrandId, licenseKeyId: string, productCode: string): Promise<License | null>;
  /** All licenses of the key, as they are; the one that counts for a product comes first. */
  abstract ofKey(brandId: BrandId, licenseKeyId: string): Promise<LicenseState[]>;
  /** Up to so many licenses that the clock has to look at by that time, those that wait longest first. */
  abstract due(reach: AllBrands, at: Date, limit: number): Promise<LicenseName[]>;
  /** Those of them that still are due and that nobody else holds; held until the unit of work ends. */
  abstract holdDue(brandId: BrandId, ids: readonly string[], at: Date): Promise<License[]>;
  /**
   * Makes due at that time, of up to so many licenses that come after the given one, those that time still does something to.
   * Answers the last of them; null: there were none.
   */
  abstract makeDue(reach: AllBrands, at: Date, after: LicenseName | null, limit: number): Promise<LicenseName | null>;
  /** @throws AlreadyLicensed */
  abstract save(license: License): Promise<void>;
}
