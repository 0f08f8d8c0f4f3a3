import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { LicenseNotFound } from '../domain/errors';
import type { LicenseState } from '../domain/license';
import { Licenses } from '../ports/licenses';
import type { HeldLicense } from './license-desk';
import { type Provisioned, type ProvisionLicenses, ProvisionLicensesHandler } from './provision-licenses';
import { ReissueLicenseKey, ReissueLicenseKeyHandler, type Reissued } from './reissue-license-key';

/** What other modules may ask for on behalf of a customer: keys and licenses. All of it joins the caller's unit of work. */
@Injectable()
export class IssuingDesk {
  constructor(
    private readonly licenses: Licenses,
    private readonly provisioning: ProvisionLicensesHandler,
    private readonly reissuing: ReissueLicenseKeyHandler,
  ) {}

  /** Gives a customer licenses, on a new key or on one that he has. */
  provision(asked: ProvisionLicenses): Promise<Provisioned> {
    return this.provisioning.execute(asked);
  }

  /** A new key for an old one. @throws LicenseKeyNotFound */
  reissue(brandId: BrandId, licenseKeyId: string, overlapSeconds: number): Promise<Reissued> {
    return this.reissuing.execute(new ReissueLicenseKey(brandId, licenseKeyId, overlapSeconds));
  }

  /** @throws LicenseNotFound */
  async get(brandId: BrandId, id: string): Promise<LicenseState> {
    const license = await this.licenses.find(brandId, id);
    if (!license) throw new LicenseNotFound();
    return license;
  }

  /** The licenses of a key, as they are. */
  ofKey(brandId: BrandId, licenseKeyId: string): Promise<LicenseState[]> {
    return this.licenses.ofKey(brandId, licenseKeyId);
  }

  /** The licenses of a key, each held until the unit of work ends, in an order that is the same everywhere. */
  async holdAllOf(brandId: BrandId, licenseKeyId: string): Promise<HeldLicense[]> {
    const ids = (await this.licenses.ofKey(brandId, licenseKeyId)).map(({ id }) => id).sort();
    const held: HeldLicense[] = [];
    for (const id of ids) {
      const license = await this.licenses.hold(brandId, id);
      if (license) held.push(license);
    }
    return held;
  }

  /** Keeps what was decided about a license that is held. */
  keep(license: HeldLicense): Promise<void> {
    return this.licenses.save(license);
  }
}
