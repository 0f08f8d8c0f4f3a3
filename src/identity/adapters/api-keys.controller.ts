import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CallerOf, ForApiKeys, NamesBrandInPath, ReadsBody, Tenant } from '../../../libs/http/access';
import type { Caller } from '../../../libs/http/caller';
import { DescribesId, idParam } from '../../../libs/http/id-param';
import { AnswersList, cursorOf, listOf, type ListObject, PageQuery } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { defaultScopes } from '../domain/api-key';
import { ApiKeyNotFound, ApiKeyRevokedAlready, ScopeNotYours } from '../domain/errors';
import { IssueApiKey } from '../use-cases/issue-api-key';
import { ListApiKeys } from '../use-cases/list-api-keys';
import { RevokeApiKey } from '../use-cases/revoke-api-key';
import { RotateApiKey } from '../use-cases/rotate-api-key';
import { ApiKeyObject, apiKeyObject, IssueApiKeyBody, IssuedApiKey, issuedApiKey, RotateApiKeyBody } from './api-keys.dto';

const NamesApiKey = () => DescribesId('apiKey', 'id', 'The id of the API key');

@ApiTags('API keys')
@Controller('v1/brands/:brand/api-keys')
export class ApiKeysController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @ForApiKeys('api_keys:write')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({ summary: 'Issue an API key', operationId: 'issueApiKey' })
  @ApiCreatedResponse({ type: IssuedApiKey })
  @Refuses(BrandNotFound, ScopeNotYours)
  async issue(@Tenant() brandId: BrandId, @CallerOf() caller: Caller, @Body() body: IssueApiKeyBody): Promise<IssuedApiKey> {
    const { name, scopes = defaultScopes, expires_at } = body;
    const asked = { name, scopes, expiresAt: expires_at ? new Date(expires_at) : null };
    return issuedApiKey(await this.commands.execute(new IssueApiKey(brandId, asked, caller.scopes)));
  }

  @Get()
  @ForApiKeys('api_keys:read')
  @NamesBrandInPath()
  @ApiOperation({ summary: 'List API keys', operationId: 'listApiKeys' })
  @AnswersList(ApiKeyObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@Tenant() brandId: BrandId, @Query() page: PageQuery): Promise<ListObject<ApiKeyObject>> {
    return listOf(await this.queries.execute(new ListApiKeys(brandId, { limit: page.limit, after: cursorOf(page) })), apiKeyObject);
  }

  @Delete(':id')
  @ForApiKeys('api_keys:write')
  @NamesBrandInPath()
  @NamesApiKey()
  @ApiOperation({ summary: 'Revoke an API key', operationId: 'revokeApiKey' })
  @ApiOkResponse({ type: ApiKeyObject })
  @Refuses(InvalidRequest, BrandNotFound, ApiKeyNotFound)
  async revoke(@Tenant() brandId: BrandId, @Param('id', idParam('apiKey', 'id')) id: string): Promise<ApiKeyObject> {
    return apiKeyObject(await this.commands.execute(new RevokeApiKey(brandId, id)));
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @ForApiKeys('api_keys:write')
  @NamesBrandInPath()
  @NamesApiKey()
  @ReadsBody()
  @ApiOperation({ summary: 'Rotate an API key', operationId: 'rotateApiKey' })
  @ApiOkResponse({ type: IssuedApiKey })
  @Refuses(BrandNotFound, ApiKeyNotFound, ApiKeyRevokedAlready, ScopeNotYours)
  async rotate(
    @Tenant() brandId: BrandId,
    @Param('id', idParam('apiKey', 'id')) id: string,
    @CallerOf() caller: Caller,
    @Body() { overlap_seconds = 86_400 }: RotateApiKeyBody,
  ): Promise<IssuedApiKey> {
    return issuedApiKey(await this.commands.execute(new RotateApiKey(brandId, id, overlap_seconds, caller.scopes)));
  }
}
