import { Body, Controller, Get, Put } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { Refuses } from '../../../libs/http/problem';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { AccountNotPossible } from '../domain/account-rules';
import { BillingNotSetUp } from '../domain/errors';
import { GetBillingAccount } from '../use-cases/get-billing-account';
import { type GivenAccount, SetBillingAccount } from '../use-cases/set-billing-account';
import { BillingAccountObject, billingAccountObject, SetBillingAccountBody } from './billing-account.dto';

@ApiTags('Billing')
@Controller('v1/brands/:brand/billing-account')
export class BillingAccountController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Put()
  @ForApiKeys('billing_account:write')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({
    summary: 'Set the Stripe account',
    operationId: 'setBillingAccount',
    description: 'What is left out stays as it is. With another `webhook_secret` the one before is good as well, for the overlap.',
  })
  @ApiOkResponse({ type: BillingAccountObject })
  @Refuses(BrandNotFound, AccountNotPossible)
  async set(@Tenant() brandId: BrandId, @Body() body: SetBillingAccountBody): Promise<BillingAccountObject> {
    const { webhook_secret_overlap_seconds = 86_400, ...given } = body;
    await this.commands.execute(new SetBillingAccount(brandId, namedByDomain(given), webhook_secret_overlap_seconds));
    return this.read(brandId);
  }

  @Get()
  @ForApiKeys('billing:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'Read the Stripe account', operationId: 'getBillingAccount' })
  @ApiOkResponse({ type: BillingAccountObject })
  @Refuses(BrandNotFound, BillingNotSetUp)
  async read(@Tenant() brandId: BrandId): Promise<BillingAccountObject> {
    return billingAccountObject(await this.queries.execute(new GetBillingAccount(brandId)));
  }
}

/** What was left out stays left out. */
function namedByDomain({
  stripe_secret_key,
  publishable_key,
  webhook_secret,
  allowed_hosts,
  links,
}: Omit<SetBillingAccountBody, 'webhook_secret_overlap_seconds'>): GivenAccount {
  return {
    ...(stripe_secret_key !== undefined && { secretKey: stripe_secret_key }),
    ...(publishable_key !== undefined && { publishableKey: publishable_key }),
    ...(webhook_secret !== undefined && { webhookSecret: webhook_secret }),
    ...(allowed_hosts && { allowedHosts: allowed_hosts }),
    ...(links && { links }),
  };
}
