import { Aggregate } from '../../../libs/kernel/aggregate';
import { type BrandId, installation } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import { newId, publicId } from '../../../libs/kernel/id';
import type { MintedSecret, Role } from './api-secret';
import { ApiKeyRevokedAlready, ScopeNotYours } from './errors';
import { ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated } from './events';

/** What a brand's key may be allowed to do. `*` is everything, and what internal keys have. */
export const brandScopes = [
  'products:read',
  'products:write',
  'licenses:read',
  'licenses:write',
  'billing:read',
  'billing:write',
  'billing_account:write',
  'mail:read',
  'mail:write',
  'events:read',
  'webhooks:read',
  'webhooks:write',
  'audit:read',
  'api_keys:read',
  'api_keys:write',
] as const;
export type BrandScope = (typeof brandScopes)[number];

/** A brand's key issues no keys and does not touch where its money goes, unless it was told that it may. */
export const defaultScopes: readonly BrandScope[] = brandScopes.filter((scope) => !/^(api_keys:|billing_account:)/.test(scope));

export const mayUse = (scopes: readonly string[], scope: string): boolean => scopes.includes('*') || scopes.includes(scope);

export interface ApiKeyState {
  readonly id: string;
  readonly brandId: BrandId | null;
  readonly role: Role;
  readonly name: string;
  readonly publicPart: string;
  readonly hash: Buffer;
  readonly hint: string;
  /** The secret before the last rotation, while it still works. */
  readonly previousPublicPart: string | null;
  readonly previousHash: Buffer | null;
  readonly previousUntil: Date | null;
  readonly scopes: string[];
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly createdAt: Date;
}

export interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | null;
}

/** A credential of a brand's system, or of an operator over all brands. */
export class ApiKey extends Aggregate<ApiKeyState> {
  /** @param grantable the scopes of whoever issues the key: nobody gives what he has not. */
  static issue(
    brandId: BrandId | null,
    { name, scopes, expiresAt }: NewApiKey,
    grantable: readonly string[],
    secret: MintedSecret,
    at: Date,
  ): ApiKey {
    refuseMoreThan(grantable, scopes);
    const { publicPart, hash, hint } = secret;
    const key = new ApiKey({
      id: newId(),
      brandId,
      role: brandId === null ? 'internal' : 'brand',
      name,
      publicPart,
      hash,
      hint,
      previousPublicPart: null,
      previousHash: null,
      previousUntil: null,
      scopes: [...scopes],
      expiresAt,
      lastUsedAt: null,
      revokedAt: null,
      createdAt: at,
    });
    key.record(new ApiKeyCreated(key.tenant, at, key.facts()));
    return key;
  }

  /** A new secret under the same id; the old one works for the overlap. Whoever gets the secret gets its scopes. */
  rotate({ publicPart, hash, hint }: MintedSecret, overlapSeconds: number, grantable: readonly string[], at: Date): void {
    refuseMoreThan(grantable, this.state.scopes);
    if (this.state.revokedAt) throw new ApiKeyRevokedAlready();
    this.change({
      publicPart,
      hash,
      hint,
      previousPublicPart: this.state.publicPart,
      previousHash: this.state.hash,
      previousUntil: secondsAfter(at, overlapSeconds),
    });
    this.record(new ApiKeyRotated(this.tenant, at, this.facts()));
  }

  /** Dead at once, with the secret before it. Revoking again changes nothing. */
  revoke(at: Date): void {
    if (this.state.revokedAt) return;
    this.change({ revokedAt: at });
    this.record(new ApiKeyRevoked(this.tenant, at, this.facts()));
  }

  private get tenant(): BrandId {
    return this.state.brandId ?? installation;
  }

  private facts() {
    const { id, role, name, scopes } = this.state;
    return { id: publicId('apiKey', id), role, name, scopes };
  }
}

function refuseMoreThan(grantable: readonly string[], scopes: readonly string[]): void {
  const missing = scopes.find((scope) => !mayUse(grantable, scope));
  if (missing) throw new ScopeNotYours(missing);
}
