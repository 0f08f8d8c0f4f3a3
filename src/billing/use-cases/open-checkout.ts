import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ensureAllowed } from '../domain/address';
import { PlanNotFound } from '../domain/errors';
import { priceToPay } from '../domain/plan-rules';
import { type AccountAccess, type CheckoutAsk, type OpenedCheckout, Payments } from '../ports/payments';
import { Plans } from '../ports/plans';
import { OpenAccounts } from './open-accounts';

/** What a customer is about to buy, and where he goes afterwards. */
export interface Order extends Pick<CheckoutAsk, 'quantity' | 'customerEmail' | 'successUrl' | 'cancelUrl' | 'idempotencyKey'> {
  /** Its code or public id. */
  readonly plan: string;
}

export interface Checkout extends OpenedCheckout {
  readonly planCode: string;
  readonly quantity: number;
}

/** Opens a page of the payment provider on which a customer buys a plan. */
export class OpenCheckout extends Command<Checkout> {
  constructor(
    readonly brandId: BrandId,
    readonly order: Order,
  ) {
    super();
  }
}

@CommandHandler(OpenCheckout)
export class OpenCheckoutHandler implements ICommandHandler<OpenCheckout> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly plans: Plans,
    private readonly accounts: OpenAccounts,
    private readonly payments: Payments,
  ) {}

  /** The provider is asked when the unit of work is over: no row waits for it. */
  async execute({ brandId, order }: OpenCheckout): Promise<Checkout> {
    const { access, ask } = await this.work.run(brandId, () => this.prepared(brandId, order));
    const opened = await this.payments.openCheckout(access, ask);
    return { ...opened, planCode: ask.planCode, quantity: ask.quantity };
  }

  private async prepared(brandId: BrandId, { plan: named, ...order }: Order): Promise<{ access: AccountAccess; ask: CheckoutAsk }> {
    const plan = await this.plans.find(brandId, named);
    if (!plan) throw new PlanNotFound();
    const priceId = priceToPay(plan, order.quantity);
    const { account, access } = await this.accounts.both(brandId);
    ensureAllowed(order.successUrl, account.allowedHosts, '/success_url');
    ensureAllowed(order.cancelUrl, account.allowedHosts, '/cancel_url');
    const mode = plan.interval === 'lifetime' ? 'payment' : 'subscription';
    return { access, ask: { ...order, mode, priceId, planCode: plan.code, trialDays: plan.trialDays } };
  }
}
