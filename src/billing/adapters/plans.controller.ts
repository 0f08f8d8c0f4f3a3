import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { AnswersList, cursorOf, listOf, type ListObject, PageQuery } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound, ProductNotFound } from '../../brands';
import { PlanCodeTaken, PlanNotFound, PriceTaken } from '../domain/errors';
import type { PlanChange, PlanGrant } from '../domain/plan';
import { PlanNotPossible } from '../domain/plan-rules';
import { CreatePlan } from '../use-cases/create-plan';
import { GetPlan } from '../use-cases/get-plan';
import { ListPlans } from '../use-cases/list-plans';
import { UpdatePlan } from '../use-cases/update-plan';
import { CreatePlanBody, type PlanGrantBody, PlanObject, planObject, UpdatePlanBody } from './plans.dto';

const NamesPlan = () =>
  ApiParam({ name: 'plan', description: 'The id or code of the plan', schema: { type: 'string', example: 'pro_monthly' } });

@ApiTags('Billing')
@Controller('v1/brands/:brand')
export class PlansController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('plans')
  @ForApiKeys('billing:write')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({ summary: 'Create a plan', operationId: 'createPlan' })
  @ApiCreatedResponse({ type: PlanObject })
  @Refuses(BrandNotFound, ProductNotFound, PlanCodeTaken, PriceTaken, PlanNotPossible)
  async create(@Tenant() brandId: BrandId, @Body() { code, name, interval, grants, ...terms }: CreatePlanBody): Promise<PlanObject> {
    const asked = { code, name, interval, grants: grants.map(grantOf), ...namedByDomain(terms) };
    return planObject(await this.commands.execute(new CreatePlan(brandId, asked)));
  }

  @Get('all-plans')
  @ForApiKeys('billing:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'List all plans, archived ones too', operationId: 'listPlans' })
  @AnswersList(PlanObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@Tenant() brandId: BrandId, @Query() page: PageQuery): Promise<ListObject<PlanObject>> {
    return listOf(await this.queries.execute(new ListPlans(brandId, { limit: page.limit, after: cursorOf(page) })), planObject);
  }

  @Get('plans/:plan')
  @ForApiKeys('billing:read')
  @NamesBrandInPath()
  @NamesPlan()
  @ApiOperation({ summary: 'Read a plan', operationId: 'getPlan' })
  @ApiOkResponse({ type: PlanObject })
  @Refuses(BrandNotFound, PlanNotFound)
  async read(@Tenant() brandId: BrandId, @Param('plan') plan: string): Promise<PlanObject> {
    return planObject(await this.queries.execute(new GetPlan(brandId, plan)));
  }

  @Patch('plans/:plan')
  @ForApiKeys('billing:write')
  @NamesBrandInPath()
  @NamesPlan()
  @ReadsBody()
  @ApiOperation({
    summary: 'Change or archive a plan',
    operationId: 'updatePlan',
    description:
      'It holds for who buys from now on. Who has bought keeps what he was given, until his purchase changes; a price that is replaced still ' +
      'leads to this plan.',
  })
  @ApiOkResponse({ type: PlanObject })
  @Refuses(BrandNotFound, PlanNotFound, ProductNotFound, PriceTaken, PlanNotPossible)
  async update(
    @Tenant() brandId: BrandId,
    @Param('plan') plan: string,
    @Body() { name, status, grants, ...terms }: UpdatePlanBody,
  ): Promise<PlanObject> {
    const change: PlanChange = {
      ...(name !== undefined && { name }),
      ...(status && { status }),
      ...(grants && { grants: grants.map(grantOf) }),
      ...namedByDomain(terms),
    };
    return planObject(await this.commands.execute(new UpdatePlan(brandId, plan, change)));
  }
}

const grantOf = ({ product_code, seats, entitlements = null }: PlanGrantBody): PlanGrant => ({
  productCode: product_code,
  seats,
  entitlements,
});

/** The terms as the domain names them; what was left out stays left out. */
function namedByDomain({
  description,
  trial_days,
  grace_days,
  stripe_price_id,
  price,
}: Omit<UpdatePlanBody, 'name' | 'status' | 'grants'>): PlanChange {
  return {
    ...(description !== undefined && { description }),
    ...(trial_days !== undefined && { trialDays: trial_days }),
    ...(grace_days !== undefined && { graceDays: grace_days }),
    ...(stripe_price_id !== undefined && { stripePriceId: stripe_price_id }),
    ...(price !== undefined && { price: price && { amount: price.amount, currency: price.currency } }),
  };
}
