import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ForApiKeys, ForLicenseKeys, InReach, NamesBrandInQuery, Presented, ReadsBody, Tenant } from '../../../libs/http/access';
import type { PresentedKey } from '../../../libs/http/caller';
import { DescribesId, idParam } from '../../../libs/http/id-param';
import { AnswersList, cursorOf, listOf, type ListObject } from '../../../libs/http/paging';
import { Refuses } from '../../../libs/http/problem';
import { BrandRequired, InvalidRequest } from '../../../libs/http/refusals';
import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import { Metrics } from '../../../libs/telemetry/metrics';
import { BrandNotFound } from '../../brands';
import {
  type KeyInHand,
  LicenseHasExpired,
  LicenseIsCancelled,
  LicenseIsSuspended,
  LicenseNotFound,
  LicenseNotStarted,
  ProductMismatch,
  type Question,
  SeatLimitReached,
  verify,
} from '../../licenses';
import { ActivationNotFound } from '../domain/errors';
import { ActivateLicense } from '../use-cases/activate-license';
import { DeactivateInstance } from '../use-cases/deactivate-instance';
import { FreeSeat } from '../use-cases/free-seat';
import { ListActivations } from '../use-cases/list-activations';
import { VerifyLicense } from '../use-cases/verify-license';
import {
  ActivateBody,
  ActivatedObject,
  activatedObject,
  ActivationObject,
  activationObject,
  ActivationsQuery,
  DeactivateBody,
  DeactivatedObject,
  deactivatedObject,
} from './activations.dto';
import { VerdictObject, verdictExamples, verdictObject, VerifyBody, VerifyQuery } from './verdict.dto';

@ApiTags('Activations')
@Controller('v1')
export class ActivationsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly metrics: Metrics,
  ) {}

  @Post('licenses/activate')
  @ForLicenseKeys()
  @ReadsBody()
  @ApiOperation({ summary: 'Activate a license on an instance', operationId: 'activateLicense' })
  @ApiCreatedResponse({ type: ActivatedObject, description: 'The instance took a seat' })
  @ApiOkResponse({ type: ActivatedObject, description: 'The instance held its seat already' })
  @Refuses(LicenseNotFound, ProductMismatch, LicenseIsCancelled, LicenseIsSuspended, LicenseHasExpired, LicenseNotStarted, SeatLimitReached)
  async activate(
    @Presented() presented: PresentedKey | null,
    @Body() { product_code, instance_id: id, instance_name: name, metadata }: ActivateBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ActivatedObject> {
    const activated = await this.commands.execute(new ActivateLicense(inHand(presented), product_code, { id, name, metadata }));
    void reply.status(activated.tookSeat ? 201 : 200);
    return activatedObject(activated);
  }

  @Post('licenses/verify')
  @HttpCode(200)
  @ForLicenseKeys()
  @ReadsBody()
  @ApiOperation({
    summary: 'Verify a license',
    operationId: 'verifyLicense',
    description:
      'Always 200 when it could decide. A client locks only on a well-formed answer with `valid: false`; a time-out, 429 or 5xx decides nothing.',
  })
  @ApiOkResponse({ type: VerdictObject, examples: verdictExamples })
  verify(@Presented() presented: PresentedKey | null, @Body() { product_code, instance_id }: VerifyBody): Promise<VerdictObject> {
    return this.verdict(presented, { productCode: product_code, instanceId: instance_id });
  }

  /**
   * The older form of verify. An id (`lic_…`) has an underscore and a license key has none, so the two paths never meet; what is shorter
   * than any key is none: a POST that a proxy redirected arrives as GET /v1/licenses/verify, and must not be told "invalid".
   */
  @Get('licenses/:key(^[^_]{32,}$)')
  @ForLicenseKeys()
  @ApiExcludeEndpoint()
  verifyInPath(@Presented() presented: PresentedKey | null, @Query() { product_code, instance_id }: VerifyQuery): Promise<VerdictObject> {
    return this.verdict(presented, { productCode: product_code, instanceId: instance_id });
  }

  @Post('licenses/deactivate')
  @HttpCode(200)
  @ForLicenseKeys()
  @ReadsBody()
  @ApiOperation({ summary: 'Give the seat of an instance back', operationId: 'deactivateInstance' })
  @ApiOkResponse({ type: DeactivatedObject })
  @Refuses(LicenseNotFound, ProductMismatch)
  async deactivate(
    @Presented() presented: PresentedKey | null,
    @Body() { product_code, instance_id }: DeactivateBody,
  ): Promise<DeactivatedObject> {
    return deactivatedObject(await this.commands.execute(new DeactivateInstance(inHand(presented), product_code, instance_id)));
  }

  @Get('licenses/:license/activations')
  @ForApiKeys('licenses:read')
  @DescribesId('license', 'license', 'The id of the license')
  @ApiOperation({ summary: 'List the activations of a license', operationId: 'listActivations' })
  @AnswersList(ActivationObject)
  @Refuses(InvalidRequest, BrandNotFound, LicenseNotFound)
  async list(
    @InReach() reach: Reach,
    @Param('license', idParam('license', 'license')) id: string,
    @Query() query: ActivationsQuery,
  ): Promise<ListObject<ActivationObject>> {
    const cut = { limit: query.limit, after: cursorOf(query) };
    return listOf(await this.queries.execute(new ListActivations(reach, id, query.include === 'ended', cut)), activationObject);
  }

  @Delete('activations/:id')
  @ForApiKeys('licenses:write')
  @DescribesId('activation', 'id', 'The id of the activation')
  @NamesBrandInQuery()
  @ApiOperation({ summary: 'Free a seat', operationId: 'freeSeat' })
  @ApiOkResponse({ type: ActivationObject })
  @Refuses(InvalidRequest, BrandRequired, BrandNotFound, ActivationNotFound)
  async free(@Tenant() brandId: BrandId, @Param('id', idParam('activation', 'id')) id: string): Promise<ActivationObject> {
    return activationObject(await this.commands.execute(new FreeSeat(brandId, id)));
  }

  private async verdict(presented: PresentedKey | null, question: Question): Promise<VerdictObject> {
    const found = presented
      ? await this.queries.execute(new VerifyLicense(inHand(presented), question))
      : verify(null, question, [], new Date());
    this.metrics.verdict(found.code);
    return verdictObject(found);
  }
}

/** What cannot be a key of any brand is answered as one that does not exist. */
function inHand(presented: PresentedKey | null): KeyInHand {
  if (!presented) throw new LicenseNotFound();
  return { brandId: presented.brandId, canonical: presented.key.canonical };
}
