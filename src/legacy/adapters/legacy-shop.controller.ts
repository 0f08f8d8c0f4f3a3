import { randomUUID } from 'node:crypto';
import { Controller, Get, Headers, HttpCode, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiExcludeController } from '@nestjs/swagger';
import { OpenToAnyoneOfBrand, TakesRawBody, Tenant } from '../../../libs/http/access';
import { ReadByPages } from '../../../libs/http/for-pages';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { GetStorefront, InboxBell, ListOffers, OpenCheckout, OpenCheckoutBody, ReceiveProviderEvent } from '../../billing';
import { checkoutSpellings, type LegacyConfig, legacyConfig, type LegacyPlan, legacyPlan } from './legacy.dto';
import { BodyAsItCame, SpelledBody } from './spellings';

const keptFor = 5;

/** What older pricing pages read and send, and where Stripe sent events before. */
@ApiExcludeController()
@Controller('api')
export class LegacyShopController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly bell: InboxBell,
  ) {}

  @Get('public/config')
  @OpenToAnyoneOfBrand({ named: 'by_setting' })
  @ReadByPages(keptFor)
  async config(@Tenant() brandId: BrandId): Promise<LegacyConfig> {
    return legacyConfig(await this.queries.execute(new GetStorefront(brandId)));
  }

  @Get('public/plans')
  @OpenToAnyoneOfBrand({ named: 'by_setting' })
  @ReadByPages(keptFor)
  async plans(@Tenant() brandId: BrandId): Promise<{ plans: LegacyPlan[] }> {
    return { plans: (await this.queries.execute(new ListOffers(brandId))).map(legacyPlan) };
  }

  /** Nobody proves who he is: customers are sent to Stripe, and back only to hosts of the brand. */
  @Post('checkout/session')
  @HttpCode(200)
  @OpenToAnyoneOfBrand({ named: 'by_setting' })
  async checkout(
    @Tenant() brandId: BrandId,
    @SpelledBody(OpenCheckoutBody, checkoutSpellings) body: OpenCheckoutBody,
  ): Promise<{ id: string; url: string }> {
    const { plan_code: plan, quantity = 1, customer_email, success_url: successUrl, cancel_url: cancelUrl } = body;
    const order = { plan, quantity, customerEmail: customer_email ?? null, successUrl, cancelUrl };
    const { id, url } = await this.commands.execute(new OpenCheckout(brandId, { ...order, idempotencyKey: `latchkey_${randomUUID()}` }));
    return { id, url };
  }

  @Post('stripe/webhook')
  @HttpCode(200)
  @OpenToAnyoneOfBrand({ named: 'by_setting', signed: true })
  @TakesRawBody()
  async receive(@Tenant() brandId: BrandId, @Headers('stripe-signature') signature: string | undefined, @BodyAsItCame() body: unknown) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    await this.commands.execute(new ReceiveProviderEvent(brandId, bytes, signature));
    this.bell.ring();
    return { received: true };
  }
}
