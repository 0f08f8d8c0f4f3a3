import type { BrandId } from '../../../libs/kernel/brand-id';
import type { PresentedSecret, Role } from '../domain/api-secret';

/** An API key that was found alive: whom it speaks for and what it may do. */
export interface Credential {
  readonly id: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** The brand of a brand's key; null for an internal key. */
  readonly brand: { readonly id: BrandId; readonly slug: string; readonly status: string } | null;
}

export abstract class Credentials {
  /** Null when there is no such key, its secret differs, or it is revoked, expired or past its overlap. Notes its use. */
  abstract check(presented: PresentedSecret): Promise<Credential | null>;
}
