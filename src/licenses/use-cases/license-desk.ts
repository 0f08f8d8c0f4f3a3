import { Injectable } from '@nestjs/common';
import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { LicenseNotFound, ProductMismatch } from '../domain/errors';
import type { License } from '../domain/license';
import { KeyMint } from '../ports/key-mint';
import { LicenseKeys } from '../ports/license-keys';
import { Licenses } from '../ports/licenses';

/** A license key as a client presents it: well-formed, and of this brand by its prefix. */
export interface KeyInHand {
  readonly brandId: BrandId;
  readonly canonical: string;
}

/** A license that is held until the unit of work ends. Others read its state, and count seats on it. */
export type HeldLicense = License;

/** What other modules may ask about licenses: the door of this one. All of it joins the caller's unit of work. */
@Injectable()
export class LicenseDesk {
  constructor(
    private readonly keys: LicenseKeys,
    private readonly licenses: Licenses,
    private readonly mint: KeyMint,
    private readonly clock: Clock,
  ) {}

  /** What the key may be stored as. */
  hashesOf({ canonical }: KeyInHand): Buffer[] {
    return this.mint.hashesOf(canonical);
  }

  /** The key's license of the product. @throws LicenseNotFound, ProductMismatch */
  async hold({ brandId, canonical }: KeyInHand, productCode: string): Promise<HeldLicense> {
    const key = await this.keys.find(brandId, this.mint.hashesOf(canonical), this.clock.now());
    if (!key) throw new LicenseNotFound();
    const license = await this.licenses.holdOfKey(brandId, key.state.id, productCode);
    if (!license) throw new ProductMismatch();
    return license;
  }

  /** Whose license it is. @throws LicenseNotFound when there is none within reach */
  async brandOf(reach: Reach, id: string): Promise<BrandId> {
    const license = await this.licenses.find(reach, id);
    if (!license) throw new LicenseNotFound();
    return license.brandId;
  }

  /** @throws LicenseNotFound */
  async holdById(brandId: BrandId, id: string): Promise<HeldLicense> {
    const license = await this.licenses.hold(brandId, id);
    if (!license) throw new LicenseNotFound();
    return license;
  }

  /** Keeps what was decided about the seats of a license that is held. */
  keep(license: HeldLicense): Promise<void> {
    return this.licenses.save(license);
  }
}
