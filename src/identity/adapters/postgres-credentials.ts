import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { type PresentedSecret, type Role, sameHash } from '../domain/api-secret';
import { type Credential, Credentials } from '../ports/credentials';
import { allBrands } from './all-brands';

interface Row {
  id: string;
  brand_id: BrandId | null;
  role: Role;
  scopes: string[];
  public_part: string;
  hash: Buffer;
  previous_hash: Buffer | null;
  expired: boolean;
  overlap_over: boolean;
  seen_lately: boolean;
  revoked_at: Date | null;
  brand_slug: string | null;
  brand_status: string | null;
}

@Injectable()
export class PostgresCredentials implements Credentials {
  constructor(private readonly db: Database) {}

  async check({ publicPart, hash }: PresentedSecret): Promise<Credential | null> {
    const [row] = await this.db.beforeBrand<Row>(
      `select *, coalesce(expires_at <= now(), false) as expired, coalesce(previous_until <= now(), true) as overlap_over,
              coalesce(last_used_at > now() - interval '1 minute', false) as seen_lately
         from find_api_key($1)`,
      [publicPart],
    );
    if (!row || row.revoked_at || row.expired) return null;
    const current = row.public_part === publicPart;
    const expected = current ? row.hash : row.previous_hash;
    if (!expected || !sameHash(expected, hash) || (!current && row.overlap_over)) return null;
    if (!row.seen_lately) await this.noteUse(row);
    return { id: row.id, role: row.role, scopes: row.scopes, brand: brandOf(row) };
  }

  /** At most once a minute and key; of several instances the first writes. */
  private async noteUse({ id, brand_id }: Row): Promise<void> {
    await this.db.read(
      brand_id ?? allBrands,
      `update api_keys set last_used_at = now() where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
      [id],
    );
  }
}

const brandOf = ({ brand_id, brand_slug, brand_status }: Row): Credential['brand'] =>
  brand_id && brand_slug && brand_status ? { id: brand_id, slug: brand_slug, status: brand_status } : null;
