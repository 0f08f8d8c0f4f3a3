import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { ensureAllowed } from '../domain/address';
import { Payments } from '../ports/payments';
import { OpenAccounts } from './open-accounts';

/** Opens a page of the payment provider on which a customer sees and changes what he has bought; answers its address. */
export class OpenPortal extends Command<string> {
  constructor(
    readonly brandId: BrandId,
    /** As the provider names him. */
    readonly customerId: string,
    readonly returnUrl: string,
    readonly idempotencyKey: string,
  ) {
    super();
  }
}

@CommandHandler(OpenPortal)
export class OpenPortalHandler implements ICommandHandler<OpenPortal> {
  constructor(
    private readonly accounts: OpenAccounts,
    private readonly payments: Payments,
  ) {}

  /** The provider is asked when the unit of work is over: no row waits for it. */
  async execute({ brandId, customerId, returnUrl, idempotencyKey }: OpenPortal): Promise<string> {
    const { account, access } = await this.accounts.both(brandId);
    ensureAllowed(returnUrl, account.allowedHosts, '/return_url');
    return this.payments.openPortal(access, customerId, returnUrl, idempotencyKey);
  }
}
