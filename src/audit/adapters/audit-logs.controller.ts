import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, InReach } from '../../../libs/http/access';
import { AnswersList, cursorOf, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { Reach } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { ListAuditLogs } from '../use-cases/list-audit-logs';
import { AuditLogObject, auditLogObject, AuditLogsQuery } from './audit-logs.dto';

const instantOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

@ApiTags('Audit')
@Controller('v1/audit-logs')
export class AuditLogsController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ForApiKeys('audit:read')
  @ApiOperation({
    summary: 'List who did what',
    operationId: 'listAuditLogs',
    description:
      'Every change by an API key or an operator; every try of an API key to change something that was refused, once for all tries under ' +
      'one `Idempotency-Key`; and whatever was forbidden to it (403), reading too. A call leaves no row that came without a valid key ' +
      '(401) or too often (429), that could not be read, or that asked for what is not there.',
  })
  @AnswersList(AuditLogObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@InReach() reach: Reach, @Query() query: AuditLogsQuery): Promise<ListObject<AuditLogObject>> {
    const { actor, action, target, outcome, since, until } = query;
    const filter = { actor, action, target, outcome, since: instantOf(since), until: instantOf(until) };
    const cut = { limit: query.limit, after: cursorOf(query) };
    return listOf(await this.queries.execute(new ListAuditLogs(reach, filter, cut)), auditLogObject);
  }
}
