import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { BrandDirectory } from '../../brands';
import { LicenseKeyNotFound } from '../domain/errors';
import type { LicenseKeyState } from '../domain/license-key';
import { KeyMint } from '../ports/key-mint';
import { LicenseKeys } from '../ports/license-keys';

export interface Reissued {
  readonly licenseKey: LicenseKeyState;
  /** The whole new key; it is told this once. */
  readonly key: string;
}

/** Gives the customer a new key for a leaked one. Licenses and seats stay. */
export class ReissueLicenseKey extends Command<Reissued> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly overlapSeconds: number,
  ) {
    super();
  }
}

@CommandHandler(ReissueLicenseKey)
export class ReissueLicenseKeyHandler implements ICommandHandler<ReissueLicenseKey> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly brands: BrandDirectory,
    private readonly keys: LicenseKeys,
    private readonly mint: KeyMint,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, overlapSeconds }: ReissueLicenseKey): Promise<Reissued> {
    return this.work.run(brandId, async () => {
      const licenseKey = await this.keys.hold(brandId, id);
      if (!licenseKey) throw new LicenseKeyNotFound();
      const brand = await this.brands.get(brandId);
      const minted = this.mint.mint(brand.keyPrefix);
      licenseKey.reissue(minted, overlapSeconds, this.clock.now());
      await this.keys.save(licenseKey);
      return { licenseKey: licenseKey.state, key: minted.text };
    });
  }
}
