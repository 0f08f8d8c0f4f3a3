import { ArrayMaxSize, ArrayNotEmpty, ArrayUnique, IsIn, IsInt, Max, Min } from 'class-validator';
import { IsInstant, IsLine, Optional, OptionalOrNull } from '../../../libs/http/dto-rules';
import { publicId } from '../../../libs/kernel/id';
import { type ApiKeyState, type BrandScope, brandScopes } from '../domain/api-key';
import type { Role } from '../domain/api-secret';
import type { ApiKeyWithSecret } from '../use-cases/issue-api-key';

export class IssueApiKeyBody {
  /** What it is for. @example "shop backend" */
  @IsLine(200)
  name!: string;

  /** What it may do; absent: everything but API keys. @example ["licenses:read", "licenses:write"] */
  @Optional()
  @ArrayUnique()
  @IsIn(brandScopes, { each: true })
  @ArrayMaxSize(20)
  @ArrayNotEmpty()
  scopes?: BrandScope[];

  /** When it stops working; null or absent: never. @example "2027-12-31T23:59:59Z" */
  @OptionalOrNull()
  @IsInstant()
  expires_at?: string | null;
}

export class RotateApiKeyBody {
  /** For how long the old secret still works: 0 (at once) to 604800 (a week). Absent: 86400. @example 3600 */
  @Optional()
  @Max(604_800)
  @Min(0)
  @IsInt()
  overlap_seconds?: number;
}

export class ApiKeyObject {
  /** @example "apk_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brand" */
  role!: Role;
  /** null for an internal key. @example "brd_06efg00000e0082000000000000" */
  brand_id!: string | null;
  /** @example "shop backend" */
  name!: string;
  /** What may be shown of the secret. @example "lk_live_b_4fGh82Kq_…" */
  hint!: string;
  /** @example ["licenses:read", "licenses:write"] */
  scopes!: string[];
  /** @example "2027-12-31T23:59:59.000Z" */
  expires_at!: string | null;
  /** Written at most once a minute. @example "2026-11-23T12:00:00.000Z" */
  last_used_at!: string | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  revoked_at!: string | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
}

export class IssuedApiKey extends ApiKeyObject {
  /** The whole key. Shown this once. @example "lk_live_b_4fGh82Kq_0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6" */
  secret!: string;
}

export const apiKeyObject = (key: ApiKeyState): ApiKeyObject => ({
  id: publicId('apiKey', key.id),
  role: key.role,
  brand_id: key.brandId && publicId('brand', key.brandId),
  name: key.name,
  hint: key.hint,
  scopes: key.scopes,
  expires_at: key.expiresAt?.toISOString() ?? null,
  last_used_at: key.lastUsedAt?.toISOString() ?? null,
  revoked_at: key.revokedAt?.toISOString() ?? null,
  created_at: key.createdAt.toISOString(),
});

export const issuedApiKey = ({ state, secret }: ApiKeyWithSecret): IssuedApiKey => ({ ...apiKeyObject(state), secret });
