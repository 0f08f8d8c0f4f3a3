import type { BrandId } from '../../../libs/kernel/brand-id';
import { LicenseKey, type LicenseKeyState } from '../domain/license-key';
import { LicenseKeys } from '../ports/license-keys';

export class MemoryLicenseKeys implements LicenseKeys {
  private readonly rows = new Map<string, LicenseKeyState>();

  async hold(brandId: BrandId, id: string): Promise<LicenseKey | null> {
    const row = this.rows.get(id);
    return row?.brandId === brandId ? new LicenseKey(row) : null;
  }

  async find(brandId: BrandId, hashes: readonly Buffer[], at: Date): Promise<LicenseKey | null> {
    const among = (hash: Buffer | null) => hash !== null && hashes.some((one) => one.equals(hash));
    const opens = ({ hash, previousHash, previousUntil }: LicenseKeyState) =>
      among(hash) || (among(previousHash) && previousUntil !== null && previousUntil > at);
    const row = [...this.rows.values()].find((one) => one.brandId === brandId && opens(one));
    return row ? new LicenseKey(row) : null;
  }

  async save({ state }: LicenseKey): Promise<void> {
    this.rows.set(state.id, state);
  }
}
