import { Body, Controller, Post, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { Refuses } from '../../../libs/http/problem';
import { ProviderKeepsIdempotency, ProviderKey } from '../../../libs/http/provider-idempotency';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { HostNotAllowed } from '../domain/address';
import { BillingCustomerNotFound, BillingNotSetUp, CheckoutRefused, PlanNotFound, PlanNotSold, ProviderAway } from '../domain/errors';
import { QuantityNotPossible } from '../domain/plan-rules';
import { FindNewestCustomer } from '../use-cases/find-newest-customer';
import { OpenCheckout } from '../use-cases/open-checkout';
import { OpenPortal } from '../use-cases/open-portal';
import { CheckoutSessionObject, checkoutSessionObject, OpenCheckoutBody, OpenPortalBody, PortalSessionObject } from './checkout.dto';

/** Sends customers to the pages of the payment provider. */
@ApiTags('Billing')
@Controller('v1/brands/:brand')
export class CheckoutController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('checkout-sessions')
  @ForApiKeys('billing:write')
  @ProviderKeepsIdempotency()
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({
    summary: 'Open a checkout',
    operationId: 'openCheckout',
    description: 'Send the customer to `url`. Licenses come when it is paid: the key is mailed to him.',
  })
  @ApiCreatedResponse({ type: CheckoutSessionObject })
  @Refuses(BrandNotFound, PlanNotFound, BillingNotSetUp, PlanNotSold, CheckoutRefused, QuantityNotPossible, HostNotAllowed, ProviderAway)
  async open(
    @Tenant() brandId: BrandId,
    @ProviderKey() idempotencyKey: string,
    @Body() { plan_code: plan, quantity = 1, customer_email, success_url, cancel_url }: OpenCheckoutBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CheckoutSessionObject> {
    const addresses = { successUrl: success_url, cancelUrl: cancel_url };
    const order = { plan, quantity, customerEmail: customer_email ?? null, ...addresses, idempotencyKey };
    const checkout = await this.commands.execute(new OpenCheckout(brandId, order));
    if (checkout.replayed) void reply.header('idempotent-replayed', 'true');
    return checkoutSessionObject(checkout);
  }

  @Post('billing-portal-sessions')
  @ForApiKeys('billing:write')
  @ProviderKeepsIdempotency()
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({
    summary: 'Open the billing portal',
    operationId: 'openBillingPortal',
    description:
      'There a customer changes his card, the quantity or the plan, or cancels. Ask for a new `url` each time: it is good for minutes.',
  })
  @ApiCreatedResponse({ type: PortalSessionObject })
  @Refuses(BrandNotFound, BillingNotSetUp, BillingCustomerNotFound, CheckoutRefused, HostNotAllowed, ProviderAway)
  async portal(
    @Tenant() brandId: BrandId,
    @ProviderKey() idempotencyKey: string,
    @Body() { return_url, ...named }: OpenPortalBody,
  ): Promise<PortalSessionObject> {
    const customerId = await this.customerNamed(brandId, named);
    return { url: await this.commands.execute(new OpenPortal(brandId, customerId, return_url, idempotencyKey)) };
  }

  private async customerNamed(brandId: BrandId, { customer_id: id, customer_email: email }: Partial<OpenPortalBody>): Promise<string> {
    if (id !== undefined && email === undefined) return id;
    if (email !== undefined && id === undefined) return this.queries.execute(new FindNewestCustomer(brandId, email));
    throw new InvalidRequest([{ pointer: '', detail: 'Send either customer_id or customer_email.' }]);
  }
}
