import { Injectable } from '@nestjs/common';
import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { LicenseNotFound, ProductMismatch } from '../domain/errors';
import type { License, LicenseState } from '../domain/license';
import { ensureUsable } from '../domain/verdict';
import { KeyMint } from '../ports/key-mint';
import { LicenseKeys } from '../ports/license-keys';
import { Licenses } from '../ports/licenses';

/** A license key as a client presents it: well-formed, and of this brand by its prefix. */
export interface KeyInHand {
  readonly brandId: BrandId;
  readonly canonical: string;
}

/** A license that is held until the unit of work ends. Others read its state; what changes it is asked of the desk. */
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

  /** The key's licenses with the key's hint; null when there is no such key. */
  async look({ brandId, canonical }: KeyInHand): Promise<{ hint: string; licenses: LicenseState[] } | null> {
    const key = await this.keys.find(brandId, this.mint.hashesOf(canonical), this.clock.now());
    return key && { hint: key.state.hint, licenses: await this.licenses.ofKey(brandId, key.state.id) };
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

  /** @throws LicenseIsCancelled, LicenseIsSuspended, LicenseNotStarted, LicenseHasExpired */
  ensureUsable({ state }: HeldLicense): void {
    ensureUsable(state, this.clock.now());
  }

  /** @throws SeatLimitReached */
  async takeSeat(license: HeldLicense): Promise<void> {
    license.takeSeat(this.clock.now());
    await this.licenses.save(license);
  }

  async freeSeat(license: HeldLicense): Promise<void> {
    license.freeSeat(this.clock.now());
    await this.licenses.save(license);
  }
}
