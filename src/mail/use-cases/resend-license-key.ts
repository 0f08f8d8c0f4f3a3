import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ProductCatalogue } from '../../brands';
import { IssuingDesk } from '../../licenses';
import { MailDesk } from './mail-desk';

export type Resent =
  | { readonly resent: 'waiting_mail' }
  | { readonly resent: 'reissued'; readonly licenseKey: { readonly id: string; readonly hint: string } };

/**
 * Sends a customer his license key who has lost it. While a mail with it waits, that one is sent at once; afterwards nobody knows the key
 * any more, so he gets a new one, and the old one works for the overlap.
 */
export class ResendLicenseKey extends Command<Resent> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly overlapSeconds: number,
  ) {
    super();
  }
}

@CommandHandler(ResendLicenseKey)
export class ResendLicenseKeyHandler implements ICommandHandler<ResendLicenseKey> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly desk: MailDesk,
    private readonly issuing: IssuingDesk,
    private readonly products: ProductCatalogue,
  ) {}

  execute({ brandId, id, overlapSeconds }: ResendLicenseKey): Promise<Resent> {
    return this.work.run(brandId, async () => {
      if (await this.desk.hurry(brandId, id)) return { resent: 'waiting_mail' };
      const { licenseKey, key } = await this.issuing.reissue(brandId, id, overlapSeconds);
      await this.desk.post(brandId, {
        reason: `key_reissued:${id}:${licenseKey.reissuedAt!.toISOString()}`,
        template: 'key_reissued',
        to: licenseKey.customerEmail,
        facts: {
          products: await this.namesOf(brandId, id),
          old_key_until: overlapSeconds > 0 ? licenseKey.previousUntil!.toISOString() : null,
        },
        licenseKey: { id, text: key },
      });
      return { resent: 'reissued', licenseKey };
    });
  }

  /** What the key unlocks. */
  private async namesOf(brandId: BrandId, licenseKeyId: string): Promise<string[]> {
    const licenses = await this.issuing.ofKey(brandId, licenseKeyId);
    const codes = new Set(licenses.filter(({ status }) => status !== 'cancelled').map(({ productCode }) => productCode));
    const names: string[] = [];
    for (const code of codes) names.push((await this.products.find(brandId, code))?.name ?? code);
    return names;
  }
}
