import { Body, Controller, Delete, Param, Put } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { ProviderKeepsIdempotency } from '../../../libs/http/provider-idempotency';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { BillingCustomerNotFound, BillingNotSetUp, ProviderAway } from '../domain/errors';
import { LinkCustomer } from '../use-cases/link-customer';
import { UnlinkCustomer } from '../use-cases/unlink-customer';
import { InboxBell } from './inbox-bell';
import { LinkCustomerBody, StripeCustomerObject, stripeCustomerObject } from './stripe.dto';

const NamesCustomer = () =>
  ApiParam({ name: 'customer', description: 'The customer, as Stripe names it', schema: { type: 'string', example: 'cus_QabcDEF' } });

@ApiTags('Billing')
@Controller('v1/brands/:brand/stripe-customers/:customer')
export class StripeCustomersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly bell: InboxBell,
  ) {}

  @Put()
  @ForApiKeys('billing:write')
  @ProviderKeepsIdempotency()
  @NamesBrandInPath()
  @NamesCustomer()
  @ReadsBody()
  @ApiOperation({
    summary: 'Link a Stripe customer',
    operationId: 'linkStripeCustomer',
    description:
      'His purchases drive licenses from now on, of the address given or of the one that Stripe has. All of them are looked up soon.',
  })
  @ApiOkResponse({ type: StripeCustomerObject })
  @Refuses(BrandNotFound, BillingNotSetUp, BillingCustomerNotFound, ProviderAway)
  async link(
    @Tenant() brandId: BrandId,
    @Param('customer') customer: string,
    @Body() { customer_email = null }: LinkCustomerBody,
  ): Promise<StripeCustomerObject> {
    const linked = await this.commands.execute(new LinkCustomer(brandId, customer, customer_email));
    this.bell.ring();
    return stripeCustomerObject(linked);
  }

  @Delete()
  @ForApiKeys('billing:write')
  @NamesBrandInPath()
  @NamesCustomer()
  @ApiOperation({
    summary: 'Unlink a Stripe customer',
    operationId: 'unlinkStripeCustomer',
    description: 'What he buys, pays or owes changes no license any more. Those that he has stay as they are.',
  })
  @ApiOkResponse({ type: StripeCustomerObject })
  @Refuses(InvalidRequest, BrandNotFound, BillingCustomerNotFound)
  async unlink(@Tenant() brandId: BrandId, @Param('customer') customer: string): Promise<StripeCustomerObject> {
    return stripeCustomerObject(await this.commands.execute(new UnlinkCustomer(brandId, customer)));
  }
}
