import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, Tenant } from '../../../libs/http/access';
import { AnswersList, cursorOf, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { BrandRequired, InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { BrandNotFound } from '../../brands';
import { EventNotFound } from '../domain/errors';
import { ListEvents } from '../use-cases/list-events';
import { EventObject, eventObject, EventsQuery } from './events.dto';

@ApiTags('Events')
@Controller('v1/events')
export class EventsController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ForApiKeys('events:read')
  @ApiOperation({
    summary: 'Read the event log',
    operationId: 'listEvents',
    description:
      'What happened in the brand, oldest first, in the order in which webhooks are made of it, and without a gap: whoever missed some asks for those `after` the last one that he has. A fresh event appears within a second or two.',
  })
  @AnswersList(EventObject, 'A page, oldest first')
  @Refuses(InvalidRequest, BrandRequired, BrandNotFound, EventNotFound)
  async list(@Tenant() brandId: BrandId, @Query() query: EventsQuery): Promise<ListObject<EventObject>> {
    return listOf(
      await this.queries.execute(new ListEvents(brandId, query.type, { limit: query.limit, after: behindOf(query) })),
      eventObject,
    );
  }
}

/** A page goes on behind its cursor; a receiver behind the last event that it knows. */
function behindOf(query: EventsQuery): string | null {
  if (query.after === undefined) return cursorOf(query);
  if (query.cursor === undefined) return parsePublicId('event', query.after);
  throw new InvalidRequest([{ pointer: '?cursor', detail: 'Send either after or cursor.' }]);
}
