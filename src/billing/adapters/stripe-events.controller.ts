import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiAcceptedResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, Tenant } from '../../../libs/http/access';
import { AnswersList, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { ProviderEventNotFound } from '../domain/errors';
import { ListProviderEvents } from '../use-cases/list-provider-events';
import { ReplayProviderEvent } from '../use-cases/replay-provider-event';
import { InboxBell } from './inbox-bell';
import { eventCursorOf, listOfEvents } from './provider-event-cursor';
import { StripeEventObject, stripeEventObject, StripeEventsQuery } from './stripe.dto';

@ApiTags('Billing')
@Controller('v1/brands/:brand/stripe/events')
export class StripeEventsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly bell: InboxBell,
  ) {}

  @Get()
  @ForApiKeys('billing:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'List what Stripe sent', operationId: 'listStripeEvents' })
  @AnswersList(StripeEventObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@Tenant() brandId: BrandId, @Query() query: StripeEventsQuery): Promise<ListObject<StripeEventObject>> {
    const filter = query.status === undefined ? {} : { status: query.status };
    const cut = { limit: query.limit, after: eventCursorOf(query) };
    return listOfEvents(await this.queries.execute(new ListProviderEvents(brandId, filter, cut)), stripeEventObject);
  }

  @Post(':event/replay')
  @HttpCode(202)
  @ForApiKeys('billing:write')
  @NamesBrandInPath()
  @ApiParam({ name: 'event', description: 'The event, as Stripe names it', schema: { type: 'string', example: 'evt_1QabcDEF' } })
  @ApiOperation({
    summary: 'Process an event of Stripe again',
    operationId: 'replayStripeEvent',
    description: 'What it is about is looked up at Stripe as it is now. What concerns no license stays as it is.',
  })
  @ApiAcceptedResponse({ type: StripeEventObject })
  @Refuses(InvalidRequest, BrandNotFound, ProviderEventNotFound)
  async replay(@Tenant() brandId: BrandId, @Param('event') event: string): Promise<StripeEventObject> {
    const replayed = await this.commands.execute(new ReplayProviderEvent(brandId, event));
    this.bell.ring();
    return stripeEventObject(replayed);
  }
}
