import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForApiKeys, InReach, NamesBrandInPath, NamesBrandInQuery, ReadsBody, Tenant } from '../../../libs/http/access';
import { DescribesId, idParam } from '../../../libs/http/id-param';
import { AnswersList, cursorOf, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { BrandRequired, InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import { parsePublicId } from '../../../libs/kernel/id';
import { MetadataFull } from '../../../libs/kernel/json';
import { parseLicenseKey } from '../../../libs/license-key/license-key';
import { BrandNotFound, ProductNotFound } from '../../brands';
import {
  AlreadyLicensed,
  CancelledIsFinal,
  CustomerMismatch,
  LicenseKeyNotFound,
  LicenseNotFound,
  NoGracePossible,
  ProductArchived,
  RenewalShortens,
  TermNotPossible,
} from '../domain/errors';
import type { Renewal } from '../domain/license';
import { ExtendGrace } from '../use-cases/extend-grace';
import { FindLicenses } from '../use-cases/find-licenses';
import { GetLicense } from '../use-cases/get-license';
import { type ExistingKey, type Grant, ProvisionLicenses } from '../use-cases/provision-licenses';
import { ReissueLicenseKey } from '../use-cases/reissue-license-key';
import { RenewLicense } from '../use-cases/renew-license';
import { SetLicenseStatus } from '../use-cases/set-license-status';
import { UpdateLicense } from '../use-cases/update-license';
import {
  CustomerQuery,
  ExtendGraceBody,
  type GrantBody,
  LicenseKeyObject,
  LicenseObject,
  licenseObject,
  LicensesQuery,
  ProvisionBody,
  ProvisionedObject,
  provisionedObject,
  ReissueBody,
  reissuedObject,
  RenewBody,
  SetStatusBody,
  UpdateLicenseBody,
} from './licenses.dto';

const NamesLicense = () => DescribesId('license', 'license', 'The id of the license');
const licenseId = idParam('license', 'license');

const provisionExamples = {
  new_key: {
    summary: 'On a new key, with what the product says',
    value: { customer_email: 'jane@example.com', licenses: [{ product_code: 'seo_pro' }] },
  },
  same_key: {
    summary: 'Added to a key that the customer has, on terms of its own',
    value: {
      customer_email: 'jane@example.com',
      license_key: 'key_06efg00000e0082000000000000',
      licenses: [
        {
          product_code: 'content_ai',
          seat_limit: 5,
          expires_at: '2028-12-31T23:59:59Z',
          entitlements: { credits: 9000 },
          metadata: { order: '1001' },
        },
      ],
    },
  },
};
const renewExamples = {
  by_days: { summary: 'For a year more', value: { extend_days: 365 } },
  until: { summary: 'Until a day', value: { expires_at: '2030-12-31T23:59:59Z' } },
  for_life: { summary: 'For life', value: { expires_at: null } },
};

@ApiTags('Licenses')
@Controller('v1')
export class LicensesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('brands/:brand/licenses')
  @ForApiKeys('licenses:write')
  @NamesBrandInPath()
  @ReadsBody()
  @ApiOperation({ summary: 'Provision licenses', operationId: 'provisionLicenses' })
  @ApiBody({ type: ProvisionBody, examples: provisionExamples })
  @ApiCreatedResponse({ type: ProvisionedObject })
  @Refuses(BrandNotFound, ProductNotFound, ProductArchived, LicenseKeyNotFound, CustomerMismatch, AlreadyLicensed, TermNotPossible)
  async provision(
    @Tenant() brandId: BrandId,
    @Body() { customer_email, license_key, licenses }: ProvisionBody,
  ): Promise<ProvisionedObject> {
    const onto = license_key === undefined ? null : existingKey(license_key);
    return provisionedObject(await this.commands.execute(new ProvisionLicenses(brandId, customer_email, onto, licenses.map(grantOf))));
  }

  @Get('brands/licenses')
  @ForApiKeys('licenses:read')
  @ApiOperation({ summary: 'Find a customer’s licenses', operationId: 'findCustomerLicenses' })
  @AnswersList(LicenseObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async ofCustomer(@InReach() reach: Reach, @Query() query: CustomerQuery): Promise<ListObject<LicenseObject>> {
    const found = new FindLicenses(reach, { customerEmail: query.email }, { limit: query.limit, after: cursorOf(query) });
    return listOf(await this.queries.execute(found), licenseObject);
  }

  @Get('licenses')
  @ForApiKeys('licenses:read')
  @ApiOperation({ summary: 'List licenses', operationId: 'listLicenses' })
  @AnswersList(LicenseObject)
  @Refuses(InvalidRequest, BrandNotFound)
  async list(@InReach() reach: Reach, @Query() query: LicensesQuery): Promise<ListObject<LicenseObject>> {
    const { email, product, status, expires_before } = query;
    const expiresBefore = expires_before === undefined ? undefined : new Date(expires_before);
    const filter = { customerEmail: email, productCode: product, status, expiresBefore };
    return listOf(
      await this.queries.execute(new FindLicenses(reach, filter, { limit: query.limit, after: cursorOf(query) })),
      licenseObject,
    );
  }

  @Get('licenses/:license')
  @ForApiKeys('licenses:read')
  @NamesLicense()
  @NamesBrandInQuery()
  @ApiOperation({
    summary: 'Read a license',
    operationId: 'getLicense',
    description:
      'With a license key in place of the id, and no API key, it answers the verdict of `POST /v1/licenses/verify` (for older clients).',
  })
  @ApiOkResponse({ type: LicenseObject })
  @Refuses(InvalidRequest, BrandNotFound, LicenseNotFound)
  async read(@InReach() reach: Reach, @Param('license', licenseId) id: string): Promise<LicenseObject> {
    return licenseObject(await this.queries.execute(new GetLicense(reach, id)));
  }

  @Patch('licenses/:license')
  @ForApiKeys('licenses:write')
  @NamesLicense()
  @NamesBrandInQuery()
  @ReadsBody()
  @ApiOperation({ summary: 'Change a license', operationId: 'updateLicense' })
  @ApiOkResponse({ type: LicenseObject })
  @Refuses(BrandRequired, BrandNotFound, LicenseNotFound, CancelledIsFinal, MetadataFull)
  async update(
    @Tenant() brandId: BrandId,
    @Param('license', licenseId) id: string,
    @Body() body: UpdateLicenseBody,
  ): Promise<LicenseObject> {
    const { seat_limit, entitlements, metadata } = body;
    const change = {
      ...(seat_limit !== undefined && { seatLimit: seat_limit }),
      ...(entitlements && { entitlements }),
      ...(metadata && { metadata }),
    };
    return licenseObject(await this.commands.execute(new UpdateLicense(brandId, id, change)));
  }

  @Patch('licenses/:license/status')
  @ForApiKeys('licenses:write')
  @NamesLicense()
  @NamesBrandInQuery()
  @ReadsBody()
  @ApiOperation({ summary: 'Suspend, resume or cancel a license', operationId: 'setLicenseStatus' })
  @ApiOkResponse({ type: LicenseObject })
  @Refuses(BrandRequired, BrandNotFound, LicenseNotFound, CancelledIsFinal)
  async setStatus(
    @Tenant() brandId: BrandId,
    @Param('license', licenseId) id: string,
    @Body() { status, reason }: SetStatusBody,
  ): Promise<LicenseObject> {
    return licenseObject(await this.commands.execute(new SetLicenseStatus(brandId, id, status, reason)));
  }

  @Patch('licenses/:license/renew')
  @ForApiKeys('licenses:write')
  @NamesLicense()
  @NamesBrandInQuery()
  @ReadsBody()
  @ApiOperation({ summary: 'Renew a license', operationId: 'renewLicense' })
  @ApiBody({ type: RenewBody, examples: renewExamples })
  @ApiOkResponse({ type: LicenseObject })
  @Refuses(BrandRequired, BrandNotFound, LicenseNotFound, CancelledIsFinal, RenewalShortens, TermNotPossible)
  async renew(@Tenant() brandId: BrandId, @Param('license', licenseId) id: string, @Body() body: RenewBody): Promise<LicenseObject> {
    return licenseObject(await this.commands.execute(new RenewLicense(brandId, id, renewalOf(body))));
  }

  @Patch('licenses/:license/grace')
  @ForApiKeys('licenses:write')
  @NamesLicense()
  @NamesBrandInQuery()
  @ReadsBody()
  @ApiOperation({ summary: 'Extend the grace of a license', operationId: 'extendGrace' })
  @ApiOkResponse({ type: LicenseObject })
  @Refuses(BrandRequired, BrandNotFound, LicenseNotFound, CancelledIsFinal, NoGracePossible, TermNotPossible)
  async extendGrace(
    @Tenant() brandId: BrandId,
    @Param('license', licenseId) id: string,
    @Body() { extend_days, reason }: ExtendGraceBody,
  ): Promise<LicenseObject> {
    return licenseObject(await this.commands.execute(new ExtendGrace(brandId, id, extend_days, reason)));
  }

  @Post('license-keys/:id/reissue')
  @HttpCode(200)
  @ForApiKeys('licenses:write')
  @DescribesId('licenseKey', 'id', 'The id of the license key')
  @NamesBrandInQuery()
  @ReadsBody()
  @ApiOperation({ summary: 'Reissue a license key', operationId: 'reissueLicenseKey' })
  @ApiOkResponse({ type: LicenseKeyObject })
  @Refuses(BrandRequired, BrandNotFound, LicenseKeyNotFound)
  async reissue(
    @Tenant() brandId: BrandId,
    @Param('id', idParam('licenseKey', 'id')) id: string,
    @Body() { overlap_seconds = 0 }: ReissueBody,
  ): Promise<LicenseKeyObject> {
    return reissuedObject(await this.commands.execute(new ReissueLicenseKey(brandId, id, overlap_seconds)));
  }
}

function existingKey(text: string): ExistingKey {
  const id = parsePublicId('licenseKey', text);
  if (id) return { id };
  const key = parseLicenseKey(text);
  if (!key)
    throw new InvalidRequest([{ pointer: '/license_key', detail: 'license_key must be a license key or an id that begins with key_' }]);
  return { canonical: key.canonical };
}

const instantOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

function grantOf({ product_code, seat_limit, starts_at, expires_at, entitlements, metadata }: GrantBody): Grant {
  return {
    productCode: product_code,
    ...(seat_limit !== undefined && { seatLimit: seat_limit }),
    ...(starts_at !== undefined && { startsAt: instantOf(starts_at) }),
    ...(expires_at !== undefined && { expiresAt: instantOf(expires_at) }),
    ...(entitlements && { entitlements }),
    ...(metadata && { metadata }),
  };
}

function renewalOf({ expires_at, extend_days }: RenewBody): Renewal {
  if (expires_at !== undefined && extend_days === undefined) return { expiresAt: instantOf(expires_at) };
  if (extend_days !== undefined && expires_at === undefined) return { extendDays: extend_days };
  throw new InvalidRequest([{ pointer: '', detail: 'Send either expires_at or extend_days.' }]);
}
