import { acme, aPlan, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import { PlanNotSold } from './errors';
import { type NewPlan, Plan } from './plan';
import { PlanNotPossible, priceToPay, QuantityNotPossible } from './plan-rules';

const grant = { productCode: 'pro', seats: 3, entitlements: null };
const create = (part: Partial<NewPlan> = {}) =>
  Plan.create(acme, { code: 'pro_monthly', name: 'Pro', grants: [grant], interval: 'month', ...part }, noon);
const pointersOf = (make: () => unknown): string[] => {
  try {
    make();
    return [];
  } catch (error) {
    if (!(error instanceof PlanNotPossible)) throw error;
    return (error.facts.errors as { pointer: string }[]).map(({ pointer }) => pointer);
  }
};

describe('A plan', () => {
  it('begins for sale, with a week of grace and no trial', () => {
    const plan = create();
    expect(plan.state).toMatchObject({ status: 'active', version: 1, trialDays: 0, graceDays: 7, stripePriceId: null, formerPriceIds: [] });
    expect(happened(plan)).toEqual(['plan.created']);
  });

  it.each([
    ['a trial of what is for life', { interval: 'lifetime', trialDays: 1 }, ['/trial_days']],
    ['no time to collect a renewal', { interval: 'month', graceDays: 0 }, ['/grace_days']],
    ['no time to collect a yearly renewal', { interval: 'year', graceDays: 0 }, ['/grace_days']],
    ['a product twice', { grants: [grant, { ...grant, productCode: 'lite' }, grant] }, ['/grants/2/product_code']],
    ['both', { graceDays: 0, grants: [grant, grant] }, ['/grace_days', '/grants/1/product_code']],
  ] as const)('is refused with %s, now and later', (_, part, pointers) => {
    expect(pointersOf(() => create(part))).toEqual(pointers);
    const { interval = 'month', ...change } = { interval: undefined, ...part };
    const plan = aPlan({ interval });
    expect(pointersOf(() => plan.update(change, inDays(1)))).toEqual(pointers);
    expect(plan.state.version).toBe(1);
  });

  it('for life needs no grace', () => {
    expect(create({ interval: 'lifetime', graceDays: 0 }).state).toMatchObject({ graceDays: 0 });
  });

  it('remembers the prices at which it was sold, each once, but not the present one', () => {
    const plan = aPlan({ stripePriceId: null });
    for (const stripePriceId of ['a', 'b', 'a', null, 'c', 'b']) plan.update({ stripePriceId }, inDays(1));
    expect(plan.state).toMatchObject({ stripePriceId: 'b', formerPriceIds: ['a', 'c'] });
  });

  it('is changed once: saying the same again changes nothing', () => {
    const plan = aPlan();
    for (const at of [inDays(1), inDays(2)]) plan.update({ name: 'Other', grants: [{ ...grant, seats: 5 }], status: 'archived' }, at);
    expect(plan.state).toMatchObject({ name: 'Other', version: 2, updatedAt: inDays(1) });
    expect(happened(plan)).toEqual(['plan.updated']);
  });
});

describe('What a plan costs', () => {
  const { state } = aPlan();
  const unlimited = { ...grant, seats: null };

  it.each([
    [[grant], 1],
    [[grant], 333_333],
    [[{ ...grant, seats: 1 }, unlimited], 1_000_000],
    [[unlimited], 1],
  ])('is its price: %j times %i', (grants, quantity) => {
    expect(priceToPay({ ...state, grants }, quantity)).toBe('price_monthly');
  });

  it.each([
    ['more seats than a license may have', [grant], 333_334],
    ['more of what is not counted', [unlimited, { ...unlimited, productCode: 'lite' }], 2],
  ])('is not told for %s', (_, grants, quantity) => {
    expect(() => priceToPay({ ...state, grants }, quantity)).toThrow(QuantityNotPossible);
  });

  it.each([{ status: 'archived' as const }, { stripePriceId: null }])('is not told of what is not sold: %j', (part) => {
    expect(() => priceToPay({ ...state, ...part }, 1)).toThrow(PlanNotSold);
  });
});
