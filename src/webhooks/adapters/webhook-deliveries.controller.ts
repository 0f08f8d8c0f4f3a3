import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiAcceptedResponse, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { AnswersList, cursorOf, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { BrandNotFound } from '../../brands';
import { EventNotFound } from '../../events';
import { EndpointDisabled, EndpointNotFound, ReplayTooLarge } from '../domain/errors';
import { ListDeliveries } from '../use-cases/list-deliveries';
import { ReplayEvents, type Wanted } from '../use-cases/replay-events';
import { TestWebhookEndpoint } from '../use-cases/test-webhook-endpoint';
import { endpointId, NamesEndpoint } from './webhook-endpoints.controller';
import { DeliveriesQuery, ReplayBody, ReplayedObject, WebhookDeliveryObject, webhookDeliveryObject } from './webhooks.dto';

const replayExamples = {
  range: { summary: 'All of an hour', value: { since: '2026-11-23T12:00:00Z', until: '2026-11-23T13:00:00Z' } },
  one: { summary: 'One event', value: { event_id: 'evt_06efg00000e0082000000000000' } },
};

@ApiTags('Webhooks')
@Controller('v1/brands/:brand/webhook-endpoints/:endpoint')
export class WebhookDeliveriesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('deliveries')
  @ForApiKeys('webhooks:read')
  @NamesBrandInPath()
  @NamesEndpoint()
  @ApiOperation({ summary: 'List what was sent to a webhook endpoint', operationId: 'listWebhookDeliveries' })
  @AnswersList(WebhookDeliveryObject)
  @Refuses(InvalidRequest, BrandNotFound, EndpointNotFound)
  async list(
    @Tenant() brandId: BrandId,
    @Param('endpoint', endpointId) id: string,
    @Query() query: DeliveriesQuery,
  ): Promise<ListObject<WebhookDeliveryObject>> {
    const listed = new ListDeliveries(brandId, id, query.status, { limit: query.limit, after: cursorOf(query) });
    return listOf(await this.queries.execute(listed), webhookDeliveryObject);
  }

  @Post('test')
  @HttpCode(202)
  @ForApiKeys('webhooks:write')
  @NamesBrandInPath()
  @NamesEndpoint()
  @ApiOperation({ summary: 'Send a test event', operationId: 'testWebhookEndpoint' })
  @ApiAcceptedResponse({ type: WebhookDeliveryObject, description: 'On its way; the list of deliveries tells what became of it' })
  @Refuses(InvalidRequest, BrandNotFound, EndpointNotFound, EndpointDisabled)
  async test(@Tenant() brandId: BrandId, @Param('endpoint', endpointId) id: string): Promise<WebhookDeliveryObject> {
    return webhookDeliveryObject({ state: await this.commands.execute(new TestWebhookEndpoint(brandId, id)), attempts: [] });
  }

  @Post('replay')
  @HttpCode(202)
  @ForApiKeys('webhooks:write')
  @NamesBrandInPath()
  @NamesEndpoint()
  @ReadsBody()
  @ApiOperation({
    summary: 'Send events once more',
    operationId: 'replayWebhookEvents',
    description: 'Under the same `webhook-id`, whatever became of them before. What still waits to be tried again is tried at once.',
  })
  @ApiBody({ type: ReplayBody, examples: replayExamples })
  @ApiAcceptedResponse({ type: ReplayedObject })
  @Refuses(BrandNotFound, EndpointNotFound, EndpointDisabled, EventNotFound, ReplayTooLarge)
  async replay(@Tenant() brandId: BrandId, @Param('endpoint', endpointId) id: string, @Body() body: ReplayBody): Promise<ReplayedObject> {
    return { replayed: await this.commands.execute(new ReplayEvents(brandId, id, wantedBy(body))) };
  }
}

function wantedBy({ event_id, since, until }: ReplayBody): Wanted {
  const refuse = (pointer: string, detail: string) => new InvalidRequest([{ pointer, detail }]);
  if (event_id !== undefined) {
    if (since !== undefined || until !== undefined) throw refuse('/event_id', 'event_id goes without since and until');
    return { eventId: parsePublicId('event', event_id)! };
  }
  if (since === undefined) throw refuse('/since', 'since must be given, or event_id');
  const range = { since: new Date(since), until: until === undefined ? null : new Date(until) };
  if (range.until && range.until <= range.since) throw refuse('/until', 'until must be later than since');
  return range;
}
