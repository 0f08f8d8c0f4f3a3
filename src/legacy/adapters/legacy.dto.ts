import { IsLine, Optional } from '../../../libs/http/dto-rules';
import type { OpenCheckoutBody, PlanState, Storefront } from '../../billing';

class LegacyKeyBody {
  @IsLine(200)
  license_key!: string;

  @Optional()
  @IsLine(64)
  product?: string;
}

export class LegacyAskBody extends LegacyKeyBody {
  @Optional()
  @IsLine(255)
  machine_id?: string;
}

export class LegacyLeaveBody extends LegacyKeyBody {
  @IsLine(255)
  machine_id!: string;
}

/** How older clients spell what they ask. */
export const askSpellings = {
  license_key: ['licenseKey', 'key'],
  machine_id: ['machineId', 'instance_id', 'instanceId', 'hwid'],
  product: ['product_code', 'productCode'],
} satisfies Record<keyof LegacyAskBody, string[]>;

export const checkoutSpellings = {
  plan_code: ['planCode', 'plan'],
  quantity: [],
  customer_email: ['customerEmail', 'email'],
  success_url: ['successUrl'],
  cancel_url: ['cancelUrl'],
} satisfies Record<keyof OpenCheckoutBody, string[]>;

export interface LegacyConfig {
  readonly publishableKey: string | null;
  /** The slug. */
  readonly brand: string;
  readonly name: string;
  readonly links: Readonly<Record<string, string>>;
}

export interface LegacyPlan {
  readonly code: string;
  readonly name: string;
  readonly interval: string;
  readonly price: { readonly amount: number; readonly currency: string } | null;
  readonly trialDays: number;
}

export const legacyConfig = ({ publishableKey, slug, name, links }: Storefront): LegacyConfig => ({
  publishableKey,
  brand: slug,
  name,
  links,
});

export const legacyPlan = ({ code, name, interval, price, trialDays }: PlanState): LegacyPlan => ({
  code,
  name,
  interval,
  price,
  trialDays,
});
