import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { publicId } from '../../../libs/kernel/id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ProductCatalogue } from '../../brands';
import { IssuingDesk, LicenseNotFound, type LicenseState } from '../../licenses';
import { MailDesk } from './mail-desk';

/** A license that was said to end soon. */
export interface Ending {
  readonly licenseId: string;
  readonly expiresAt: string;
  readonly daysBefore: number;
}

/** Writes to the customers of licenses that end soon; not to those of the brand's own system, which tells them itself. */
export class WriteOfExpiry extends Command<void> {
  constructor(
    readonly brandId: BrandId,
    readonly endings: readonly Ending[],
  ) {
    super();
  }
}

@CommandHandler(WriteOfExpiry)
export class WriteOfExpiryHandler implements ICommandHandler<WriteOfExpiry> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly desk: MailDesk,
    private readonly issuing: IssuingDesk,
    private readonly products: ProductCatalogue,
  ) {}

  execute({ brandId, endings }: WriteOfExpiry): Promise<void> {
    return this.work.run(brandId, async () => {
      for (const ending of endings) {
        const license = await this.find(brandId, ending.licenseId);
        if (license && isNews(license, ending)) await this.write(license, ending);
      }
    });
  }

  private async write({ brandId, id, productCode, customerEmail }: LicenseState, { expiresAt, daysBefore }: Ending): Promise<void> {
    const product = await this.products.find(brandId, productCode);
    await this.desk.post(brandId, {
      reason: `expiring_soon:${publicId('license', id)}:${expiresAt}:${daysBefore}`,
      template: 'expiring_soon',
      to: customerEmail,
      facts: { products: [product?.name ?? productCode], expires_at: expiresAt, days_before: daysBefore },
    });
  }

  private async find(brandId: BrandId, id: string): Promise<LicenseState | null> {
    try {
      return await this.issuing.get(brandId, id);
    } catch (error) {
      if (error instanceof LicenseNotFound) return null;
      throw error;
    }
  }
}

/** Whether the customer needs to hear of it: it still ends then, he can do something about it, and nobody else tells him. */
const isNews = ({ status, origin, renews, expiresAt }: LicenseState, ending: Ending): boolean =>
  status === 'valid' && origin.by !== 'api' && !renews && expiresAt?.toISOString() === ending.expiresAt;
