import { Body, Controller, Get, Put } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { GetMailSettings } from '../use-cases/get-mail-settings';
import { SetMailSettings } from '../use-cases/set-mail-settings';
import { lookOf, MailSettingsBody, MailSettingsObject, mailSettingsObject } from './mail.dto';

@ApiTags('Mail')
@Controller('v1/brands/:brand/mail-settings')
export class MailSettingsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @ForApiKeys('mail:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'Read how mails to customers look', operationId: 'getMailSettings' })
  @ApiOkResponse({ type: MailSettingsObject })
  @Refuses(InvalidRequest, BrandNotFound)
  async read(@Tenant() brandId: BrandId): Promise<MailSettingsObject> {
    return mailSettingsObject(brandId, await this.queries.execute(new GetMailSettings(brandId)));
  }

  @Put()
  @ForApiKeys('mail:write')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({
    summary: 'Set how mails to customers look',
    operationId: 'setMailSettings',
    description: 'All of it at once: what is left out is as if nobody had set it. Mails that wait look like that too.',
  })
  @ApiOkResponse({ type: MailSettingsObject })
  @Refuses(BrandNotFound)
  async set(@Tenant() brandId: BrandId, @Body() body: MailSettingsBody): Promise<MailSettingsObject> {
    return mailSettingsObject(brandId, await this.commands.execute(new SetMailSettings(brandId, lookOf(body))));
  }
}
