import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { DescribesId, idParam } from '../../../libs/http/id-param';
import { AnswersList, cursorOf, listOf, type ListObject, PageQuery } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { EndpointNotFound, EndpointsFull } from '../domain/errors';
import { WebhookTargets } from '../ports/webhook-targets';
import { CreateWebhookEndpoint } from '../use-cases/create-webhook-endpoint';
import { DeleteWebhookEndpoint } from '../use-cases/delete-webhook-endpoint';
import { GetWebhookEndpoint } from '../use-cases/get-webhook-endpoint';
import { ListWebhookEndpoints } from '../use-cases/list-webhook-endpoints';
import { RotateWebhookSecret } from '../use-cases/rotate-webhook-secret';
import { UpdateWebhookEndpoint } from '../use-cases/update-webhook-endpoint';
import { faultOfTarget } from './target-address';
import {
  CreateWebhookEndpointBody,
  RotateWebhookSecretBody,
  UpdateWebhookEndpointBody,
  WebhookEndpointObject,
  webhookEndpointObject,
  WebhookEndpointWithSecret,
  webhookEndpointWithSecret,
} from './webhooks.dto';

export const NamesEndpoint = () => DescribesId('webhookEndpoint', 'endpoint', 'The id of the webhook endpoint');
export const endpointId = idParam('webhookEndpoint', 'endpoint');

@ApiTags('Webhooks')
@Controller('v1/brands/:brand/webhook-endpoints')
export class WebhookEndpointsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly targets: WebhookTargets,
  ) {}

  @Post()
  @ForApiKeys('webhooks:write')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({ summary: 'Create a webhook endpoint', operationId: 'createWebhookEndpoint' })
  @ApiCreatedResponse({ type: WebhookEndpointWithSecret })
  @Refuses(BrandNotFound, EndpointsFull)
  async create(
    @Tenant() brandId: BrandId,
    @Body() { url, event_types, description = null }: CreateWebhookEndpointBody,
  ): Promise<WebhookEndpointWithSecret> {
    const wanted = { url: this.allowed(url), eventTypes: event_types, description };
    return webhookEndpointWithSecret(await this.commands.execute(new CreateWebhookEndpoint(brandId, wanted)));
  }

  @Get()
  @ForApiKeys('webhooks:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'List webhook endpoints', operationId: 'listWebhookEndpoints' })
  @AnswersList(WebhookEndpointObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@Tenant() brandId: BrandId, @Query() page: PageQuery): Promise<ListObject<WebhookEndpointObject>> {
    const query = new ListWebhookEndpoints(brandId, { limit: page.limit, after: cursorOf(page) });
    return listOf(await this.queries.execute(query), webhookEndpointObject);
  }

  @Get(':endpoint')
  @ForApiKeys('webhooks:read')
  @NamesBrandInPath()
  @NamesEndpoint()
  @ApiOperation({ summary: 'Read a webhook endpoint', operationId: 'getWebhookEndpoint' })
  @ApiOkResponse({ type: WebhookEndpointObject })
  @Refuses(InvalidRequest, BrandNotFound, EndpointNotFound)
  async read(@Tenant() brandId: BrandId, @Param('endpoint', endpointId) id: string): Promise<WebhookEndpointObject> {
    return webhookEndpointObject(await this.queries.execute(new GetWebhookEndpoint(brandId, id)));
  }

  @Patch(':endpoint')
  @ForApiKeys('webhooks:write')
  @NamesBrandInPath()
  @NamesEndpoint()
  @ReadsBody()
  @ApiOperation({ summary: 'Change, disable or enable a webhook endpoint', operationId: 'updateWebhookEndpoint' })
  @ApiOkResponse({ type: WebhookEndpointObject })
  @Refuses(BrandNotFound, EndpointNotFound)
  async update(
    @Tenant() brandId: BrandId,
    @Param('endpoint', endpointId) id: string,
    @Body() { url, event_types, description, status }: UpdateWebhookEndpointBody,
  ): Promise<WebhookEndpointObject> {
    const change = {
      ...(url !== undefined && { url: this.allowed(url) }),
      ...(event_types && { eventTypes: event_types }),
      ...(description !== undefined && { description }),
      ...(status && { status }),
    };
    return webhookEndpointObject(await this.commands.execute(new UpdateWebhookEndpoint(brandId, id, change)));
  }

  @Delete(':endpoint')
  @ForApiKeys('webhooks:write')
  @NamesBrandInPath()
  @NamesEndpoint()
  @ApiOperation({ summary: 'Delete a webhook endpoint', operationId: 'deleteWebhookEndpoint' })
  @ApiOkResponse({ type: WebhookEndpointObject })
  @Refuses(InvalidRequest, BrandNotFound, EndpointNotFound)
  async delete(@Tenant() brandId: BrandId, @Param('endpoint', endpointId) id: string): Promise<WebhookEndpointObject> {
    return webhookEndpointObject(await this.commands.execute(new DeleteWebhookEndpoint(brandId, id)));
  }

  @Post(':endpoint/rotate-secret')
  @HttpCode(200)
  @ForApiKeys('webhooks:write')
  @NamesBrandInPath()
  @NamesEndpoint()
  @ReadsBody()
  @ApiOperation({
    summary: 'Rotate the secret of a webhook endpoint',
    operationId: 'rotateWebhookSecret',
    description: 'During the overlap both secrets sign. Only the one before the last overlaps: rotating again ends any older one.',
  })
  @ApiOkResponse({ type: WebhookEndpointWithSecret })
  @Refuses(BrandNotFound, EndpointNotFound)
  async rotate(
    @Tenant() brandId: BrandId,
    @Param('endpoint', endpointId) id: string,
    @Body() { overlap_seconds = 86_400 }: RotateWebhookSecretBody,
  ): Promise<WebhookEndpointWithSecret> {
    return webhookEndpointWithSecret(await this.commands.execute(new RotateWebhookSecret(brandId, id, overlap_seconds)));
  }

  /** The address as it will be called, if it may be. */
  private allowed(url: string): string {
    const fault = faultOfTarget(url, this.targets.allowsPrivate);
    if (fault !== null) throw new InvalidRequest([{ pointer: '/url', detail: `url ${fault}` }]);
    return new URL(url).href;
  }
}
