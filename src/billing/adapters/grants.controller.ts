import { Body, Controller, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { Refuses } from '../../../libs/http/problem';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { ProductArchived } from '../../licenses';
import { PlanNotFound } from '../domain/errors';
import { QuantityNotPossible } from '../domain/plan-rules';
import { GrantPlan } from '../use-cases/grant-plan';
import { GrantedObject, grantedObject, GrantPlanBody } from './grants.dto';

@ApiTags('Billing')
@Controller('v1/brands/:brand/grants')
export class GrantsController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @ForApiKeys('licenses:write')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({
    summary: 'Grant a plan by hand',
    operationId: 'grantPlan',
    description: 'For a customer who does not pay for it. A new license key is mailed to him; it is not in the answer.',
  })
  @ApiCreatedResponse({ type: GrantedObject })
  @Refuses(BrandNotFound, PlanNotFound, QuantityNotPossible, ProductArchived)
  async grant(
    @Tenant() brandId: BrandId,
    @Body() { plan_code: plan, customer_email: customerEmail, quantity = 1, expires_at, reason }: GrantPlanBody,
  ): Promise<GrantedObject> {
    const until = expires_at === undefined ? {} : { expiresAt: expires_at === null ? null : new Date(expires_at) };
    return grantedObject(await this.commands.execute(new GrantPlan(brandId, { plan, customerEmail, quantity, reason, ...until })));
  }
}
