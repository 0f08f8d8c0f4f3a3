import type { AllBrands } from '../../../libs/kernel/brand-id';

/** For what acts over all brands: the guard, when the key is internal, and the operator at the console. */
export const allBrands = '*' as AllBrands;
