import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { Customer, type CustomerState } from '../domain/customer';
import { BillingCustomerNotFound } from '../domain/errors';
import { Customers } from '../ports/customers';
import { Payments } from '../ports/payments';
import { Purchases } from '../ports/purchases';
import { OpenAccounts } from './open-accounts';

/** Lets the purchases of a customer of the provider drive licenses, of the address that he has there or of another one. */
export class LinkCustomer extends Command<CustomerState> {
  constructor(
    readonly brandId: BrandId,
    /** The provider's. */
    readonly id: string,
    readonly email: string | null,
  ) {
    super();
  }
}

@CommandHandler(LinkCustomer)
export class LinkCustomerHandler implements ICommandHandler<LinkCustomer> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly accounts: OpenAccounts,
    private readonly payments: Payments,
    private readonly customers: Customers,
    private readonly purchases: Purchases,
    private readonly clock: Clock,
  ) {}

  async execute({ brandId, id, email }: LinkCustomer): Promise<CustomerState> {
    const access = await this.accounts.access(brandId);
    // What cannot be a name of the provider's is no reason to ask it.
    const found = /^cus_\w+$/.test(id) ? await this.payments.customer(access, id) : null;
    if (!found) throw new BillingCustomerNotFound();
    return this.work.run(brandId, async () => {
      const at = this.clock.now();
      // Each is looked up soon, and then his licenses follow. Purchases first, in order: whoever holds both takes them so.
      for (const subject of [...found.subjects].sort()) {
        const purchase = await this.purchases.hold(brandId, subject, subject.startsWith('sub_') ? 'subscription' : 'payment', at);
        purchase.doubt();
        await this.purchases.save(purchase);
      }
      const customer = (await this.customers.hold(brandId, id)) ?? Customer.of(brandId, { ...found.buyer, id }, at);
      customer.learn(found.buyer, at);
      customer.link(email, at);
      await this.customers.save(customer);
      return customer.state;
    });
  }
}
