import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { AnswersList, cursorOf, listOf, type ListObject, PageQuery } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { MetadataFull } from '../../../libs/kernel/json';
import { BrandNotFound, ProductCodeTaken, ProductNotFound } from '../domain/errors';
import type { ProductDefaults } from '../domain/product';
import { CreateProduct } from '../use-cases/create-product';
import { GetProduct } from '../use-cases/get-product';
import { ListProducts } from '../use-cases/list-products';
import { UpdateProduct } from '../use-cases/update-product';
import { CreateProductBody, ProductObject, productObject, UpdateProductBody } from './products.dto';

const NamesProduct = () =>
  ApiParam({ name: 'product', description: 'The id or code of the product', schema: { type: 'string', example: 'seo_pro' } });

@ApiTags('Products')
@Controller('v1/brands/:brand/products')
export class ProductsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @ForApiKeys('products:write')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({ summary: 'Create a product', operationId: 'createProduct' })
  @ApiCreatedResponse({ type: ProductObject })
  @Refuses(BrandNotFound, ProductCodeTaken)
  async create(@Tenant() brandId: BrandId, @Body() { code, name, metadata, ...defaults }: CreateProductBody): Promise<ProductObject> {
    const asked = { code, name, ...(metadata && { metadata }), ...namedByDomain(defaults) };
    return productObject(await this.commands.execute(new CreateProduct(brandId, asked)));
  }

  @Get()
  @ForApiKeys('products:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'List products', operationId: 'listProducts' })
  @AnswersList(ProductObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@Tenant() brandId: BrandId, @Query() page: PageQuery): Promise<ListObject<ProductObject>> {
    return listOf(await this.queries.execute(new ListProducts(brandId, { limit: page.limit, after: cursorOf(page) })), productObject);
  }

  @Get(':product')
  @ForApiKeys('products:read')
  @NamesBrandInPath()
  @NamesProduct()
  @ApiOperation({ summary: 'Read a product', operationId: 'getProduct' })
  @ApiOkResponse({ type: ProductObject })
  @Refuses(BrandNotFound, ProductNotFound)
  async read(@Tenant() brandId: BrandId, @Param('product') product: string): Promise<ProductObject> {
    return productObject(await this.queries.execute(new GetProduct(brandId, product)));
  }

  @Patch(':product')
  @ForApiKeys('products:write')
  @NamesBrandInPath()
  @NamesProduct()
  @ReadsBody()
  @ApiOperation({ summary: 'Change a product', operationId: 'updateProduct' })
  @ApiOkResponse({ type: ProductObject })
  @Refuses(BrandNotFound, ProductNotFound, MetadataFull)
  async update(
    @Tenant() brandId: BrandId,
    @Param('product') product: string,
    @Body() { name, status, metadata, ...defaults }: UpdateProductBody,
  ): Promise<ProductObject> {
    const change = { ...(name && { name }), ...(status && { status }), ...(metadata && { metadata }), ...namedByDomain(defaults) };
    return productObject(await this.commands.execute(new UpdateProduct(brandId, product, change)));
  }
}

/** The defaults as the domain names them; what was left out stays left out. */
function namedByDomain({
  seat_limit,
  duration_days,
  grace_days,
  entitlements,
}: Omit<UpdateProductBody, 'name' | 'status' | 'metadata'>): Partial<ProductDefaults> {
  return {
    ...(seat_limit !== undefined && { seatLimit: seat_limit }),
    ...(duration_days !== undefined && { durationDays: duration_days }),
    ...(grace_days !== undefined && { graceDays: grace_days }),
    ...(entitlements !== undefined && { entitlements }),
  };
}
