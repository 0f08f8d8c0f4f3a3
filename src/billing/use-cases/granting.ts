import type { Grant } from '../../licenses';
import type { PlanGrant, PlanState } from '../domain/plan';

/** For each one bought so many; null: as many as are asked for. */
export const seatsFor = ({ seats }: PlanGrant, quantity: number): number | null => seats && seats * quantity;

/** The licenses of a plan, on the given terms. */
export const grantsOf = ({ grants }: Pick<PlanState, 'grants'>, quantity: number, terms: Omit<Grant, 'productCode'>): Grant[] =>
  grants.map((grant) => ({
    productCode: grant.productCode,
    seatLimit: seatsFor(grant, quantity),
    ...(grant.entitlements && { entitlements: grant.entitlements }),
    ...terms,
  }));
