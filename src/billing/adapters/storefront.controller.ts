import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NamesBrandInPath, OpenToAnyoneOfBrand, Tenant } from '../../../libs/http/access';
import { ReadByPages } from '../../../libs/http/for-pages';
import { AnswersList, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { GetStorefront } from '../use-cases/get-storefront';
import { ListOffers } from '../use-cases/list-offers';
import { OfferObject, offerObject, StorefrontObject, storefrontObject } from './storefront.dto';

const keptFor = 5;

/** What pricing pages read, without any credential. */
@ApiTags('Billing')
@Controller('v1/brands/:brand')
export class StorefrontController {
  constructor(private readonly queries: QueryBus) {}

  @Get('plans')
  @OpenToAnyoneOfBrand()
  @ReadByPages(keptFor)
  @NamesBrandInPath()
  @ApiOperation({ summary: 'List the plans that are sold', operationId: 'listOffers' })
  @AnswersList(OfferObject, 'All of them, up to 100, in the order in which they were made')
  @Refuses(InvalidRequest, BrandNotFound)
  async offers(@Tenant() brandId: BrandId): Promise<ListObject<OfferObject>> {
    return listOf({ items: await this.queries.execute(new ListOffers(brandId)), next: null }, offerObject);
  }

  @Get('config')
  @OpenToAnyoneOfBrand()
  @ReadByPages(keptFor)
  @NamesBrandInPath()
  @ApiOperation({ summary: 'Read what a pricing page needs', operationId: 'getStorefront' })
  @ApiOkResponse({ type: StorefrontObject })
  @Refuses(InvalidRequest, BrandNotFound)
  async config(@Tenant() brandId: BrandId): Promise<StorefrontObject> {
    return storefrontObject(await this.queries.execute(new GetStorefront(brandId)));
  }
}
