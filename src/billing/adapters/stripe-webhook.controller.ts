import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OpenToAnyoneOfBrand, NamesBrandInPath, TakesRawBody, Tenant } from '../../../libs/http/access';
import { Refuses } from '../../../libs/http/problem';
import { BodyTooLarge, InvalidRequest, UnsupportedMediaType } from '../../../libs/http/refusals';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { BrandNotFound } from '../../brands';
import { BillingNotSetUp, SignatureRefused } from '../domain/errors';
import { ReceiveProviderEvent } from '../use-cases/receive-provider-event';
import { InboxBell } from './inbox-bell';
import { ReceivedObject } from './stripe.dto';

@ApiTags('Billing')
@Controller('v1/brands/:brand/stripe/webhook')
export class StripeWebhookController {
  constructor(
    private readonly commands: CommandBus,
    private readonly bell: InboxBell,
  ) {}

  @Post()
  @HttpCode(200)
  @OpenToAnyoneOfBrand({ signed: true })
  @TakesRawBody()
  @NamesBrandInPath()
  @ApiHeader({ name: 'Stripe-Signature', required: true, description: 'By Stripe, over the bytes of the body' })
  @ApiBody({ description: 'An event, as Stripe sends it', schema: { type: 'object' } })
  @ApiOperation({
    summary: 'Receive an event of Stripe',
    operationId: 'receiveStripeEvent',
    description:
      'Name this address as webhook endpoint in the Stripe account of the brand. An event is kept once and processed a moment later.',
  })
  @ApiOkResponse({ type: ReceivedObject })
  @Refuses(InvalidRequest, BrandNotFound, BillingNotSetUp, SignatureRefused, BodyTooLarge, UnsupportedMediaType)
  async receive(
    @Tenant() brandId: BrandId,
    @Body() body: Buffer | undefined,
    @Headers('stripe-signature') signature: string | undefined,
  ): Promise<ReceivedObject> {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    await this.commands.execute(new ReceiveProviderEvent(brandId, bytes, signature));
    this.bell.ring();
    return { received: true };
  }
}
