import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { BrandDirectory, ProductCatalogue, ProductNotFound, type ProductState } from '../../brands';
import { LicenseKeyNotFound, ProductArchived, TermNotPossible } from '../domain/errors';
import { License, type LicenseState, type LicenseTerms } from '../domain/license';
import { LicenseKey, type LicenseKeyState } from '../domain/license-key';
import { KeyMint } from '../ports/key-mint';
import { LicenseKeys } from '../ports/license-keys';
import { Licenses } from '../ports/licenses';

export type Grant = LicenseTerms & { readonly productCode: string };

/** An existing key by its id, or as the customer has it. */
export type ExistingKey = { readonly id: string } | { readonly canonical: string };

export interface Provisioned {
  readonly licenseKey: LicenseKeyState;
  /** The whole key, when it was made just now; it is told this once. */
  readonly key: string | null;
  readonly licenses: readonly LicenseState[];
}

/** Gives a customer licenses, on a new key or added to one that he has. */
export class ProvisionLicenses extends Command<Provisioned> {
  constructor(
    readonly brandId: BrandId,
    readonly customerEmail: string,
    readonly onto: ExistingKey | null,
    readonly grants: readonly Grant[],
  ) {
    super();
  }
}

@CommandHandler(ProvisionLicenses)
export class ProvisionLicensesHandler implements ICommandHandler<ProvisionLicenses> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly brands: BrandDirectory,
    private readonly products: ProductCatalogue,
    private readonly keys: LicenseKeys,
    private readonly licenses: Licenses,
    private readonly mint: KeyMint,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, customerEmail, onto, grants }: ProvisionLicenses): Promise<Provisioned> {
    return this.work.run(brandId, async () => {
      const { licenseKey, key } = onto ? await this.existing(brandId, onto) : await this.mintFor(brandId, customerEmail);
      licenseKey.ensureOf(customerEmail);

      // All of it is known to be possible before any of it is written: whoever catches a refusal goes on in the same unit of work.
      const granted: License[] = [];
      for (const [index, { productCode, ...terms }] of grants.entries()) {
        const product = await this.products.find(brandId, productCode);
        if (!product) throw new ProductNotFound(`/licenses/${index}/product_code`);
        if (product.status === 'archived') throw new ProductArchived(product.code);
        granted.push(this.grant(index, licenseKey.state, product, terms));
      }
      if (key !== null) await this.keys.save(licenseKey);
      for (const license of granted) await this.licenses.save(license);
      return { licenseKey: licenseKey.state, key, licenses: granted.map(({ state }) => state) };
    });
  }

  private grant(index: number, key: LicenseKeyState, product: ProductState, terms: LicenseTerms): License {
    try {
      return License.grant(key, product, terms, this.clock.now());
    } catch (error) {
      throw error instanceof TermNotPossible ? error.within(`/licenses/${index}`) : error;
    }
  }

  private async mintFor(brandId: BrandId, customerEmail: string) {
    const brand = await this.brands.get(brandId);
    const minted = this.mint.mint(brand.keyPrefix);
    const licenseKey = LicenseKey.issue(brandId, customerEmail, minted, this.clock.now());
    return { licenseKey, key: minted.text };
  }

  private async existing(brandId: BrandId, onto: ExistingKey) {
    const id = 'id' in onto ? onto.id : (await this.keys.find(brandId, this.mint.hashesOf(onto.canonical), this.clock.now()))?.state.id;
    // Held, so that two who add the same products in another order wait here rather than for each other.
    const licenseKey = id === undefined ? null : await this.keys.hold(brandId, id);
    if (!licenseKey) throw new LicenseKeyNotFound();
    return { licenseKey, key: null };
  }
}
