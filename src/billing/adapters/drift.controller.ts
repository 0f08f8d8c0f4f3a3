import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, InReach } from '../../../libs/http/access';
import { AnswersList, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { Reach } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { ListDrift } from '../use-cases/list-drift';
import { DriftObject, driftObject, DriftQuery } from './stripe.dto';

@ApiTags('Billing')
@Controller('v1/billing/drift')
export class DriftController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ForApiKeys('billing:read')
  @ApiOperation({
    summary: 'List drift',
    operationId: 'listDrift',
    description: 'Purchases whose licenses are not as what was paid says, and that were not repaired by themselves; oldest first.',
  })
  @AnswersList(DriftObject, 'Up to 500, oldest first')
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@InReach() reach: Reach, @Query() _query: DriftQuery): Promise<ListObject<DriftObject>> {
    return listOf({ items: await this.queries.execute(new ListDrift(reach)), next: null }, driftObject);
  }
}
