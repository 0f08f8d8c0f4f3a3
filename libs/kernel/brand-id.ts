import { newId } from './id';

/** The tenant. Only the guard that has checked a credential names an existing one. */
export type BrandId = string & { readonly __type: 'BrandId' };

/** Acting over every tenant at once; only an internal credential leads to it. */
export type AllBrands = '*' & { readonly __type: 'AllBrands' };

/** How far a unit of work may see. */
export type Reach = BrandId | AllBrands;

/** The id of a brand that is being created. */
export const newBrandId = (): BrandId => newId() as BrandId;

export const isAllBrands = (reach: Reach): reach is AllBrands => reach === '*';

/** Stands where a brand would, for facts about the installation itself: an internal key was issued. No credential leads to it. */
export const installation = '00000000-0000-0000-0000-000000000000' as BrandId;
