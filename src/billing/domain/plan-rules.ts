import { DomainError, refusal } from '../../../libs/kernel/domain-error';
import { PlanNotSold } from './errors';

interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export class PlanNotPossible extends DomainError {
  static readonly refusal = refusal(
    'plan_not_possible',
    'invalid',
    'Plan not possible',
    'What a plan is made of does not go together: a trial of what never ends, a renewal without time to collect it, or a product given twice. ' +
      '`errors` names each place.',
  );
  constructor(faults: readonly Fault[]) {
    super(PlanNotPossible.refusal, faults.length === 1 ? faults[0]!.detail : `${faults.length} things do not go together.`, {
      errors: faults,
    });
  }
}

export class QuantityNotPossible extends DomainError {
  static readonly refusal = refusal(
    'quantity_not_possible',
    'unprocessable',
    'Quantity not possible',
    'A quantity multiplies the seats of a plan. Where every product has as many seats as are asked for there is nothing to multiply, ' +
      'so it is bought once; and a license has up to 1,000,000 seats.',
  );
  constructor(detail: string) {
    super(QuantityNotPossible.refusal, detail, { errors: [{ pointer: '/quantity', detail }] });
  }
}

interface Terms {
  readonly interval: 'month' | 'year' | 'lifetime';
  readonly trialDays: number;
  readonly graceDays: number;
  readonly grants: readonly { readonly productCode: string }[];
}

/** @throws PlanNotPossible */
export function ensurePossible({ interval, trialDays, graceDays, grants }: Terms): void {
  const faults: Fault[] = [];
  if (interval === 'lifetime' && trialDays > 0) {
    faults.push({ pointer: '/trial_days', detail: 'A plan for life is paid once and has no trial: trial_days must be 0.' });
  }
  if (interval !== 'lifetime' && graceDays < 1) {
    const detail = 'Stripe needs about an hour to collect a renewal, and licenses have to work meanwhile: grace_days must be at least 1.';
    faults.push({ pointer: '/grace_days', detail });
  }
  grants.forEach(({ productCode }, index) => {
    if (grants.findIndex((one) => one.productCode === productCode) === index) return;
    faults.push({ pointer: `/grants/${index}/product_code`, detail: `The product ${productCode} is given twice.` });
  });
  if (faults.length > 0) throw new PlanNotPossible(faults);
}

/** As many as a license may have. */
const mostSeats = 1_000_000;

interface OnSale {
  readonly code: string;
  readonly status: 'active' | 'archived';
  readonly stripePriceId: string | null;
  readonly grants: readonly { readonly seats: number | null }[];
}

/** Answers the price to pay. @throws PlanNotSold, QuantityNotPossible */
export function priceToPay({ code, status, stripePriceId, grants }: OnSale, quantity: number): string {
  if (status === 'archived' || stripePriceId === null) throw new PlanNotSold(code);
  ensureQuantityPossible({ code, grants }, quantity);
  return stripePriceId;
}

/** @throws QuantityNotPossible */
export function ensureQuantityPossible({ code, grants }: Pick<OnSale, 'code' | 'grants'>, quantity: number): void {
  const seats = grants.flatMap(({ seats }) => seats ?? []);
  if (seats.length === 0 && quantity > 1) {
    throw new QuantityNotPossible(`The plan ${code} gives as many seats as are asked for: quantity must be 1.`);
  }
  const most = Math.floor(mostSeats / Math.max(1, ...seats));
  if (quantity > most) throw new QuantityNotPossible(`A license has up to ${mostSeats} seats: quantity must be at most ${most}.`);
}
