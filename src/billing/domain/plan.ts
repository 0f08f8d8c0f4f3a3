import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { newId, publicId } from '../../../libs/kernel/id';
import type { JsonObject } from '../../../libs/kernel/json';
import { PlanCreated, PlanUpdated } from './events';
import { ensurePossible } from './plan-rules';

export type PlanInterval = 'month' | 'year' | 'lifetime';
export type PlanStatus = 'active' | 'archived';

/** What a plan gives of one product. */
export interface PlanGrant {
  readonly productCode: string;
  /** For each one bought; null: as many as are asked for. */
  readonly seats: number | null;
  /** null: the product's. */
  readonly entitlements: JsonObject | null;
}

/** What is shown on a pricing page; the provider decides what is charged. */
export interface ShownPrice {
  /** In the smallest unit of the currency. */
  readonly amount: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
}

export interface PlanState {
  readonly brandId: BrandId;
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly description: string | null;
  readonly grants: readonly PlanGrant[];
  readonly interval: PlanInterval;
  readonly trialDays: number;
  /** For how long licenses work after an unpaid end. */
  readonly graceDays: number;
  /** null: it cannot be bought, only granted by hand. */
  readonly stripePriceId: string | null;
  /** Prices under which it was sold before: who has bought it then still has it. */
  readonly formerPriceIds: string[];
  readonly price: ShownPrice | null;
  readonly status: PlanStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type NewPlan = Pick<PlanState, 'code' | 'name' | 'grants' | 'interval'> &
  Partial<Pick<PlanState, 'description' | 'trialDays' | 'graceDays' | 'stripePriceId' | 'price'>>;

export type PlanChange = Partial<
  Pick<PlanState, 'name' | 'description' | 'grants' | 'trialDays' | 'graceDays' | 'stripePriceId' | 'price' | 'status'>
>;

/** What a brand sells: licenses of one product or several, for a price. Its code and interval are fixed. */
export class Plan extends Aggregate<PlanState> {
  /** @throws PlanNotPossible */
  static create(brandId: BrandId, asked: NewPlan, at: Date): Plan {
    const { description = null, trialDays = 0, graceDays = 7, stripePriceId = null, price = null } = asked;
    const { code, name, grants, interval } = asked;
    const plan = new Plan({
      brandId,
      id: newId(),
      ...{ code, name, description, grants, interval, trialDays, graceDays, stripePriceId, price },
      formerPriceIds: [],
      status: 'active',
      version: 1,
      createdAt: at,
      updatedAt: at,
    });
    ensurePossible(plan.state);
    plan.record(new PlanCreated(brandId, at, plan.facts()));
    return plan;
  }

  /** Who has bought it keeps what he got then, until his purchase changes. To what is there already changes nothing. @throws PlanNotPossible */
  update(change: PlanChange, at: Date): void {
    if (!this.alters(change)) return;
    ensurePossible({ ...this.state, ...change });
    const { stripePriceId: before, formerPriceIds } = this.state;
    const { stripePriceId: after = before } = change;
    const former = before !== null && before !== after ? [...formerPriceIds, before] : formerPriceIds;
    this.change({
      ...change,
      formerPriceIds: [...new Set(former)].filter((id) => id !== after),
      version: this.state.version + 1,
      updatedAt: at,
    });
    this.record(new PlanUpdated(this.state.brandId, at, this.facts()));
  }

  private facts() {
    const { id, version, code, name, interval, status } = this.state;
    return { id: publicId('plan', id), version, code, name, interval, status };
  }
}
