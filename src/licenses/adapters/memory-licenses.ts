import { type AllBrands, type BrandId, isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { AlreadyLicensed } from '../domain/errors';
import { graceUntil, License, type LicenseState } from '../domain/license';
import { type LicenseName, Licenses } from '../ports/licenses';

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

  async due(_reach: AllBrands, at: Date, limit: number): Promise<LicenseName[]> {
    return [...this.rows.values()]
      .filter(({ nextNoticeAt }) => nextNoticeAt && nextNoticeAt <= at)
      .sort((a, b) => a.nextNoticeAt!.getTime() - b.nextNoticeAt!.getTime())
      .slice(0, limit)
      .map(({ brandId, id }) => ({ brandId, id }));
  }

  async holdDue(brandId: BrandId, ids: readonly string[], at: Date): Promise<License[]> {
    return [...this.rows.values()]
      .filter((row) => row.brandId === brandId && ids.includes(row.id) && row.nextNoticeAt && row.nextNoticeAt <= at)
      .map((row) => new License(row));
  }

  async makeDue(_reach: AllBrands, at: Date, after: LicenseName | null, limit: number): Promise<LicenseName | null> {
    const place = ({ brandId, id }: LicenseName) => `${brandId} ${id}`;
    const some = [...this.rows.values()].sort((a, b) => (place(a) < place(b) ? -1 : 1));
    const batch = some.filter((row) => !after || place(row) > place(after)).slice(0, limit);
    for (const row of batch) {
      const ends = graceUntil(row) ?? row.expiresAt;
      const waits = !row.nextNoticeAt || row.nextNoticeAt > at;
      if (row.status !== 'cancelled' && ends && ends > at && waits) this.rows.set(row.id, { ...row, nextNoticeAt: at });
    }
    const last = batch.at(-1);
    return last ? { brandId: last.brandId, id: last.id } : null;
  }

  async save({ state }: License): Promise<void> {
    const rivals = (await this.ofKey(state.brandId, state.licenseKeyId)).filter(
      ({ id, productId, status }) => id !== state.id && productId === state.productId && status !== 'cancelled',
    );
    if (state.status !== 'cancelled' && rivals.length > 0) throw new AlreadyLicensed(state.productCode);
    this.rows.set(state.id, state);
  }
}
