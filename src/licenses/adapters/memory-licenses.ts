import { type BrandId, isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { AlreadyLicensed } from '../domain/errors';
import { License, type LicenseState } from '../domain/license';
import { Licenses } from '../ports/licenses';

export class MemoryLicenses implements Licenses {
  private readonly rows = new Map<string, LicenseState>();

  async find(reach: Reach, id: string): Promise<LicenseState | null> {
    const row = this.rows.get(id);
    return row && (isAllBrands(reach) || row.brandId === reach) ? row : null;
  }

  async hold(brandId: BrandId, id: string): Promise<License | null> {
    const row = this.rows.get(id);
    return row?.brandId === brandId ? new License(row) : null;
  }

  async holdOfKey(brandId: BrandId, licenseKeyId: string, productCode: string): Promise<License | null> {
    const [first] = (await this.ofKey(brandId, licenseKeyId)).filter((license) => license.productCode === productCode);
    return first ? new License(first) : null;
  }

  async ofKey(brandId: BrandId, licenseKeyId: string): Promise<LicenseState[]> {
    return [...this.rows.values()]
      .filter((row) => row.brandId === brandId && row.licenseKeyId === licenseKeyId)
      .sort((a, b) => Number(a.status === 'cancelled') - Number(b.status === 'cancelled') || (a.id < b.id ? 1 : -1));
  }

  async save({ state }: License): Promise<void> {
    const rivals = (await this.ofKey(state.brandId, state.licenseKeyId)).filter(
      ({ id, productId, status }) => id !== state.id && productId === state.productId && status !== 'cancelled',
    );
    if (state.status !== 'cancelled' && rivals.length > 0) throw new AlreadyLicensed(state.productCode);
    this.rows.set(state.id, state);
  }
}
