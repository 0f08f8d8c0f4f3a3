import type { BrandId } from '../../libs/kernel/brand-id';
import { newId, publicId } from '../../libs/kernel/id';
import { PlanCodeTaken, PriceTaken } from '../../src/billing/domain/errors';
import type { Plan, PlanChange } from '../../src/billing/domain/plan';
import { Plans } from '../../src/billing/ports/plans';
import { aPlan, inDays } from '../fixtures/aggregates';
import type { House } from '../fixtures/houses';
import { aTenant, contractOf } from './contract';

const save = ({ work, plans }: House, plan: Plan) => work.run(plan.state.brandId, () => plans.save(plan));

contractOf(Plans, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
  });
  const held = (name: string, reach = brandId) =>
    house().work.run(reach, async () => (await house().plans.hold(reach, name))?.state ?? null);
  const found = (name: string, reach = brandId) => house().work.run(reach, () => house().plans.find(reach, name));
  const soldAt = (price: string, reach = brandId) => house().work.run(reach, () => house().plans.ofPrice(reach, price));
  const update = (code: string, change: PlanChange) =>
    house().work.run(brandId, async () => {
      const plan = (await house().plans.hold(brandId, code))!;
      plan.update(change, inDays(1));
      await house().plans.save(plan);
    });

  it('gives back what was saved, by code and by id', async () => {
    const grants = [
      { productCode: 'pro', seats: null, entitlements: { a: [1, { b: null }] } },
      { productCode: 'lite', seats: 3, entitlements: null },
    ];
    const full = aPlan({
      brandId,
      grants,
      description: 'All',
      price: { amount: 1000, currency: 'usd' },
      formerPriceIds: ['price_1', 'price_0'],
    });
    const bare = aPlan({ brandId, code: 'bare', interval: 'lifetime', stripePriceId: null, status: 'archived' });
    for (const plan of [full, bare]) {
      await save(house(), plan);
      for (const name of [plan.state.code, publicId('plan', plan.state.id)]) {
        expect(await held(name)).toEqual(plan.state);
        expect(await found(name)).toEqual(plan.state);
      }
    }
  });

  it('keeps a change', async () => {
    await save(house(), aPlan({ brandId }));
    await update('pro_monthly', { status: 'archived', stripePriceId: null, price: null });
    const state = { status: 'archived', stripePriceId: null, formerPriceIds: ['price_monthly'], version: 2, updatedAt: inDays(1) };
    expect(await held('pro_monthly')).toMatchObject(state);
  });

  it('has none that is not there, nor one of another brand', async () => {
    const plan = aPlan({ brandId });
    await save(house(), plan);
    const other = await aTenant(house());
    for (const look of [held, found]) {
      expect(await look('pro')).toBeNull();
      expect(await look(publicId('plan', newId()))).toBeNull();
      expect(await look('pro_monthly', other)).toBeNull();
      expect(await look(publicId('plan', plan.state.id), other)).toBeNull();
    }
    expect(await soldAt('price_monthly', other)).toBeNull();
  });

  it('lets a code name one plan of a brand, and another of the next brand', async () => {
    await save(house(), aPlan({ brandId }));
    await expect(save(house(), aPlan({ brandId, stripePriceId: null }))).rejects.toThrow(PlanCodeTaken);
    await save(house(), aPlan({ brandId: await aTenant(house()) }));
  });

  it('finds the plan of a price, also after it got another, or none', async () => {
    const { id } = (await save(house(), aPlan({ brandId })), (await found('pro_monthly'))!);
    await update('pro_monthly', { stripePriceId: 'price_new' });
    await update('pro_monthly', { stripePriceId: null });
    for (const price of ['price_monthly', 'price_new']) expect(await soldAt(price)).toMatchObject({ id });
    expect(await soldAt('price_other')).toBeNull();
  });

  it('lets a price lead to one plan, now and before; a plan may go back to its own', async () => {
    await save(house(), aPlan({ brandId }));
    await update('pro_monthly', { stripePriceId: 'price_new' });
    for (const stripePriceId of ['price_monthly', 'price_new']) {
      await expect(save(house(), aPlan({ brandId, code: 'other', stripePriceId }))).rejects.toThrow(PriceTaken);
    }
    await update('pro_monthly', { stripePriceId: 'price_monthly' });
    expect(await found('pro_monthly')).toMatchObject({ stripePriceId: 'price_monthly', formerPriceIds: ['price_new'] });
    await save(house(), aPlan({ brandId, code: 'other', stripePriceId: null }));
    await save(house(), aPlan({ brandId, code: 'third', stripePriceId: null }));
    await save(house(), aPlan({ brandId: await aTenant(house()), code: 'other', stripePriceId: 'price_monthly' }));
  });

  it('gives a price for which two plans reach at once to one of them', async () => {
    for (const code of ['a', 'b']) await save(house(), aPlan({ brandId, code, stripePriceId: null }));
    for (let round = 0; round < 10; round++) {
      const taken = await Promise.allSettled(['a', 'b'].map((code) => update(code, { stripePriceId: `price_${round}` })));
      expect(taken.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(taken.find((one) => one.status === 'rejected')!.reason).toBeInstanceOf(PriceTaken);
    }
  });
});
