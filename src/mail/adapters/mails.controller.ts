import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, NamesBrandInQuery, ReadsBody, Tenant } from '../../../libs/http/access';
import { DescribesId, idParam } from '../../../libs/http/id-param';
import { AnswersList, cursorOf, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { BrandRequired, InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { LicenseKeyNotFound } from '../../licenses';
import { MailIsSent, MailKeyForgotten, MailNotFound } from '../domain/errors';
import { ListMails } from '../use-cases/list-mails';
import { ResendLicenseKey } from '../use-cases/resend-license-key';
import { RetryMail } from '../use-cases/retry-mail';
import { MailObject, mailObject, MailsQuery, ResendBody, ResentObject, resentObject } from './mail.dto';

@ApiTags('Mail')
@Controller('v1')
export class MailsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('brands/:brand/mails')
  @ForApiKeys('mail:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'List mails to customers', operationId: 'listMails' })
  @AnswersList(MailObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@Tenant() brandId: BrandId, @Query() query: MailsQuery): Promise<ListObject<MailObject>> {
    const listed = new ListMails(brandId, query.status, { limit: query.limit, after: cursorOf(query) });
    return listOf(await this.queries.execute(listed), mailObject);
  }

  @Post('brands/:brand/mails/:mail/retry')
  @HttpCode(202)
  @ForApiKeys('mail:write')
  @NamesBrandInPath()
  @DescribesId('mail', 'mail', 'The id of the mail')
  @ApiOperation({
    summary: 'Send a mail again that has failed',
    operationId: 'retryMail',
    description: 'With all its attempts anew. One that waits for its next attempt is tried at once.',
  })
  @ApiAcceptedResponse({ type: MailObject, description: 'On its way; the list of mails tells what became of it' })
  @Refuses(InvalidRequest, BrandNotFound, MailNotFound, MailIsSent, MailKeyForgotten)
  async retry(@Tenant() brandId: BrandId, @Param('mail', idParam('mail', 'mail')) id: string): Promise<MailObject> {
    return mailObject(await this.commands.execute(new RetryMail(brandId, id)));
  }

  @Post('license-keys/:id/resend')
  @HttpCode(200)
  @ForApiKeys('licenses:write')
  @DescribesId('licenseKey', 'id', 'The id of the license key')
  @NamesBrandInQuery()
  @ReadsBody()
  @ApiOperation({
    summary: 'Send a customer the license key again',
    operationId: 'resendLicenseKey',
    description:
      'By mail, to the customer of the key. While the mail with the key still waits, that one is sent at once. ' +
      'Afterwards the key is known to nobody, so a new one takes its place (see reissue) and is sent; the old one works for the overlap.',
  })
  @ApiOkResponse({ type: ResentObject })
  @Refuses(BrandRequired, BrandNotFound, LicenseKeyNotFound)
  async resend(
    @Tenant() brandId: BrandId,
    @Param('id', idParam('licenseKey', 'id')) id: string,
    @Body() { overlap_seconds = 86_400 }: ResendBody,
  ): Promise<ResentObject> {
    return resentObject(await this.commands.execute(new ResendLicenseKey(brandId, id, overlap_seconds)));
  }
}
