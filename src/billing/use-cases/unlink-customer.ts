import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { CustomerState } from '../domain/customer';
import { BillingCustomerNotFound } from '../domain/errors';
import { Customers } from '../ports/customers';

/** What a customer of the provider buys or stops to pay changes no license any more. Those that he has stay as they are. */
export class UnlinkCustomer extends Command<CustomerState> {
  constructor(
    readonly brandId: BrandId,
    /** The provider's. */
    readonly id: string,
  ) {
    super();
  }
}

@CommandHandler(UnlinkCustomer)
export class UnlinkCustomerHandler implements ICommandHandler<UnlinkCustomer> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly customers: Customers,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id }: UnlinkCustomer): Promise<CustomerState> {
    return this.work.run(brandId, async () => {
      const customer = await this.customers.hold(brandId, id);
      if (!customer) throw new BillingCustomerNotFound();
      customer.unlink(this.clock.now());
      await this.customers.save(customer);
      return customer.state;
    });
  }
}
