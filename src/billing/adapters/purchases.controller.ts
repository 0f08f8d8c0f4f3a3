import { Controller, Get, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, Tenant } from '../../../libs/http/access';
import { DescribesId, idParam } from '../../../libs/http/id-param';
import { AnswersList, cursorOf, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { PurchaseNotFound } from '../domain/errors';
import { GetPurchase } from '../use-cases/get-purchase';
import { ListPurchases } from '../use-cases/list-purchases';
import { PurchaseObject, purchaseObject, PurchasesQuery } from './purchases.dto';

@ApiTags('Billing')
@Controller('v1/brands/:brand/purchases')
export class PurchasesController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ForApiKeys('billing:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'List purchases', operationId: 'listPurchases' })
  @AnswersList(PurchaseObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@Tenant() brandId: BrandId, @Query() query: PurchasesQuery): Promise<ListObject<PurchaseObject>> {
    const { email, customer, status } = query;
    const filter = {
      ...(email !== undefined && { customerEmail: email }),
      ...(customer !== undefined && { customerId: customer }),
      ...(status !== undefined && { status }),
    };
    const cut = { limit: query.limit, after: cursorOf(query) };
    return listOf(await this.queries.execute(new ListPurchases(brandId, filter, cut)), purchaseObject);
  }

  @Get(':purchase')
  @ForApiKeys('billing:read')
  @NamesBrandInPath()
  @DescribesId('purchase', 'purchase', 'The id of the purchase')
  @ApiOperation({ summary: 'Read a purchase', operationId: 'getPurchase' })
  @ApiOkResponse({ type: PurchaseObject })
  @Refuses(InvalidRequest, BrandNotFound, PurchaseNotFound)
  async read(@Tenant() brandId: BrandId, @Param('purchase', idParam('purchase', 'purchase')) id: string): Promise<PurchaseObject> {
    return purchaseObject(await this.queries.execute(new GetPurchase(brandId, id)));
  }
}
