import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { Purchases } from '../ports/purchases';

/** Time passed for the licenses of a key, or support gave them more of it: its purchase is looked up soon, and may mean something else now. */
export class ReconsiderPurchase extends Command<void> {
  constructor(
    readonly brandId: BrandId,
    readonly licenseKeyId: string,
  ) {
    super();
  }
}

@CommandHandler(ReconsiderPurchase)
export class ReconsiderPurchaseHandler implements ICommandHandler<ReconsiderPurchase> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly purchases: Purchases,
    private readonly clock: Clock,
  ) {}

  async execute({ brandId, licenseKeyId }: ReconsiderPurchase): Promise<void> {
    await this.work.run(brandId, async () => {
      const known = await this.purchases.ofKey(brandId, licenseKeyId);
      if (!known) return;
      const at = this.clock.now();
      const purchase = await this.purchases.hold(brandId, known.subject, known.kind, at);
      purchase.doubt();
      await this.purchases.save(purchase);
    });
  }
}
