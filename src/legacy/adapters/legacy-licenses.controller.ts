import { Controller, HttpCode, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiExcludeController } from '@nestjs/swagger';
import { OpenToAnyoneOfBrand, Tenant } from '../../../libs/http/access';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { parseLicenseKey } from '../../../libs/license-key/license-key';
import { Metrics } from '../../../libs/telemetry/metrics';
import { DeactivateInstance, type HeldSeat, VerifyLicense } from '../../activations';
import {
  type KeyInHand,
  LicenseHasExpired,
  LicenseIsCancelled,
  LicenseIsSuspended,
  LicenseNotFound,
  LicenseNotStarted,
  ProductMismatch,
  type Question,
  type Verification,
  verify,
} from '../../licenses';
import { askSpellings, LegacyAskBody, LegacyLeaveBody } from './legacy.dto';
import { type LegacyVerdict, legacyVerdict, meantOf } from './legacy-verdict';
import { OneMachine } from './one-machine';
import { SpelledBody } from './spellings';

/** What the license became meanwhile: it is looked at again, and the verdict tells. */
const toldByVerdict = [LicenseIsCancelled, LicenseIsSuspended, LicenseHasExpired, LicenseNotStarted, LicenseNotFound, ProductMismatch];

/** What older clients ask about a license. As ever, only a verdict decides: a failure of ours is none. */
@ApiExcludeController()
@Controller('api/license')
export class LegacyLicensesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly machines: OneMachine,
    private readonly metrics: Metrics,
  ) {}

  @Post('validate')
  @HttpCode(200)
  @OpenToAnyoneOfBrand({ named: 'by_setting' })
  async validate(@Tenant() brandId: BrandId, @SpelledBody(LegacyAskBody, askSpellings) body: LegacyAskBody): Promise<LegacyVerdict> {
    const { license_key, machine_id: instanceId, product: productCode } = body;
    const key = inHand(brandId, license_key);
    const found = await this.look(key, { productCode, instanceId });
    const meant = meantOf(found);
    if (!key || instanceId === undefined || meant?.code !== 'not_activated') return this.told(found);
    const isSeated = await this.seat(key, meant.license.productCode, instanceId);
    return this.told(await this.look(key, { productCode: meant.license.productCode, instanceId }), !isSeated);
  }

  @Post('deactivate')
  @HttpCode(200)
  @OpenToAnyoneOfBrand({ named: 'by_setting' })
  async deactivate(@Tenant() brandId: BrandId, @SpelledBody(LegacyLeaveBody, askSpellings) body: LegacyLeaveBody) {
    const { license_key, machine_id: instanceId, product } = body;
    const key = inHand(brandId, license_key);
    const found = await this.look(key, { productCode: product, instanceId });
    const seated = found.licenses.find(({ license }) => license.id === found.seat?.licenseId);
    if (!key || !seated) return { success: found.licenses.length > 0, deactivated: false };
    const left = await this.commands.execute(new DeactivateInstance(key, seated.license.productCode, instanceId));
    return { success: true, deactivated: left.deactivated };
  }

  private async seat(key: KeyInHand, productCode: string, machine: string): Promise<boolean> {
    try {
      return await this.machines.seat(key, productCode, machine);
    } catch (error) {
      if (toldByVerdict.some((kind) => error instanceof kind)) return true;
      throw error;
    }
  }

  private async look(key: KeyInHand | null, question: Question): Promise<Verification<HeldSeat>> {
    return key ? this.queries.execute(new VerifyLicense(key, question)) : verify(null, question, [], new Date());
  }

  private told(found: Verification<HeldSeat>, isFull = false): LegacyVerdict {
    this.metrics.verdict(found.code);
    return legacyVerdict(found, isFull);
  }
}

/** A key is looked up in this brand alone, whatever its prefix says: one of another brand does not exist here. */
function inHand(brandId: BrandId, text: string): KeyInHand | null {
  const key = parseLicenseKey(text);
  return key && { brandId, canonical: key.canonical };
}
