import type { BrandId, Reach } from '../kernel/brand-id';
import type { ParsedLicenseKey } from '../license-key/license-key';

export type Role = 'brand' | 'internal';

/** Who a checked API key speaks for. */
export interface Caller {
  readonly credentialId: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** The brand named by the key, the path or `?brand=`; for an internal key that named none, all of them. */
  readonly reach: Reach;
}

/** Whose API key came with the request and what it asks for, known before anything decides whether it may. */
export interface Asking {
  readonly credentialId: string;
  /** The brand of the key; of an internal key, the installation. */
  readonly brandId: BrandId;
  /** The operation, as the OpenAPI document names it. */
  readonly operation: string;
}

/** A well-formed license key whose prefix belongs to a brand. Whether the key exists is for the use case to find out. */
export interface PresentedKey {
  readonly brandId: BrandId;
  readonly key: ParsedLicenseKey;
}

declare module 'fastify' {
  interface FastifyRequest {
    asking?: Asking;
    caller?: Caller;
    presentedKey?: PresentedKey | null;
    /** The brand that a request without any credential is about. */
    publicBrand?: BrandId;
    /** A hash of the credential that was presented, so that it can be counted and remembered without being kept; null for what cannot be one. */
    credentialHash?: string | null;
  }
}
