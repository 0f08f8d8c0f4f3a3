import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, OverAllBrands, ReadsBody, Tenant } from '../../../libs/http/access';
import { AnswersList, cursorOf, listOf, type ListObject, PageQuery } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { MetadataFull } from '../../../libs/kernel/json';
import { BrandNotFound, KeyPrefixTaken, SlugReserved, SlugTaken } from '../domain/errors';
import { CreateBrand } from '../use-cases/create-brand';
import { GetBrand } from '../use-cases/get-brand';
import { ListBrands } from '../use-cases/list-brands';
import { UpdateBrand } from '../use-cases/update-brand';
import { BrandObject, brandObject, CreateBrandBody, rateLimitsOf, UpdateBrandBody } from './brands.dto';

@ApiTags('Brands')
@Controller('v1/brands')
export class BrandsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @ForApiKeys('brands:write', 'internal')
  @ReadsBody()
  @ApiOperation({ summary: 'Create a brand', operationId: 'createBrand' })
  @ApiCreatedResponse({ type: BrandObject })
  @Refuses(SlugTaken, SlugReserved, KeyPrefixTaken)
  async create(
    @OverAllBrands() reach: AllBrands,
    @Body() { slug, name, key_prefix, metadata, rate_limits }: CreateBrandBody,
  ): Promise<BrandObject> {
    const asked = { slug, name, keyPrefix: key_prefix, metadata, rateLimits: rateLimitsOf(rate_limits) };
    return brandObject(await this.commands.execute(new CreateBrand(reach, asked)));
  }

  @Get()
  @ForApiKeys('brands:read', 'internal')
  @ApiOperation({ summary: 'List brands', operationId: 'listBrands' })
  @AnswersList(BrandObject)
  @Refuses(InvalidRequest)
  async list(@OverAllBrands() reach: AllBrands, @Query() page: PageQuery): Promise<ListObject<BrandObject>> {
    return listOf(await this.queries.execute(new ListBrands(reach, { limit: page.limit, after: cursorOf(page) })), brandObject);
  }

  @Get(':brand')
  @ForApiKeys('brands:read', 'internal')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'Read a brand', operationId: 'getBrand' })
  @ApiOkResponse({ type: BrandObject })
  @Refuses(BrandNotFound)
  async read(@Tenant() brandId: BrandId): Promise<BrandObject> {
    return brandObject(await this.queries.execute(new GetBrand(brandId)));
  }

  @Patch(':brand')
  @ForApiKeys('brands:write', 'internal')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({ summary: 'Change a brand', operationId: 'updateBrand' })
  @ApiOkResponse({ type: BrandObject })
  @Refuses(BrandNotFound, MetadataFull)
  async update(@Tenant() brandId: BrandId, @Body() { rate_limits, ...change }: UpdateBrandBody): Promise<BrandObject> {
    const { name, status, metadata } = change;
    return brandObject(
      await this.commands.execute(new UpdateBrand(brandId, { name, status, metadata, rateLimits: rateLimitsOf(rate_limits) })),
    );
  }
}
