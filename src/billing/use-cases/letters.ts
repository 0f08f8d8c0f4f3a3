import { Injectable } from '@nestjs/common';
import { ProductCatalogue } from '../../brands';
import { MailDesk, type MailFacts } from '../../mail';
import type { Invoice } from '../domain/facts';
import type { PlanState } from '../domain/plan';

/** The whole key, and its id. */
interface NewKey {
  readonly id: string;
  readonly text: string;
}

/** What a customer is written about a plan: once for each reason, in the caller's unit of work. */
@Injectable()
export class Letters {
  constructor(
    private readonly mail: MailDesk,
    private readonly products: ProductCatalogue,
  ) {}

  async keyIssued(plan: PlanState, to: string, until: Date | null, licenseKey: NewKey): Promise<void> {
    const facts = await this.factsOf(plan, { expires_at: until?.toISOString() ?? null });
    await this.mail.post(plan.brandId, { reason: `key_issued:${licenseKey.id}`, template: 'key_issued', to, facts, licenseKey });
  }

  async renewed(plan: PlanState, to: string, purchase: string, until: Date): Promise<void> {
    const reason = `renewed:${purchase}:${until.toISOString()}`;
    const facts = await this.factsOf(plan, { expires_at: until.toISOString() });
    await this.mail.post(plan.brandId, { reason, template: 'renewed', to, facts });
  }

  async trialEnding(plan: PlanState, to: string, purchase: string, until: Date): Promise<void> {
    const reason = `trial_ending:${purchase}:${until.toISOString()}`;
    const facts = await this.factsOf(plan, { expires_at: until.toISOString() });
    await this.mail.post(plan.brandId, { reason, template: 'expiring_soon', to, facts });
  }

  async paymentFailed(plan: PlanState, to: string, { id, amountDue, currency, actionUrl }: Invoice): Promise<void> {
    const facts = await this.factsOf(plan, { amount: amountIn(currency, amountDue), action_url: actionUrl });
    await this.mail.post(plan.brandId, { reason: `payment_failed:${id}`, template: 'payment_failed', to, facts });
  }

  private async factsOf({ brandId, name, grants }: PlanState, more: MailFacts): Promise<MailFacts> {
    const products: string[] = [];
    for (const { productCode } of grants) products.push((await this.products.find(brandId, productCode))?.name ?? productCode);
    return { plan: name, products, ...more };
  }
}

/** As the currency is written: yen have no smaller unit, dinars have a thousand (ISO 4217). */
function amountIn(currency: string, smallest: number): string {
  const money = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: /^[a-z]{3}$/.test(currency) ? currency : 'usd',
    currencyDisplay: 'code',
  });
  const digits = money.resolvedOptions().maximumFractionDigits ?? 2;
  return `${(smallest / 10 ** digits).toFixed(digits)} ${currency.toUpperCase()}`;
}
