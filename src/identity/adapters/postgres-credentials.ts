import { Injectable } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { DomainEvent } from '../../../libs/kernel/domain-event';
import { Cache } from '../../../libs/persistence/cache';
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
  previous_until: Date | null;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  brand_slug: string | null;
  brand_status: string | null;
  /** By the clock of the database, when the row was read. */
  now: Date;
}

/** All of them together: what an event names is the id of the key, or its brand; what a caller shows is neither. */
const apiKeys = 'api_keys';

@Injectable()
export class PostgresCredentials implements Credentials {
  /** Rows whose use is noted. A row is kept for seconds, so this forgets them well within the minute. */
  private readonly noted = new WeakSet<Row>();

  constructor(
    private readonly db: Database,
    private readonly cache: Cache,
    signals: EventBus<DomainEvent>,
  ) {
    signals.subscribe(({ type }) => {
      if (/^(api_key|brand)\./.test(type)) cache.forget(apiKeys);
    });
  }

  async check({ publicPart, hash }: PresentedSecret): Promise<Credential | null> {
    const found = await this.cache.remember(apiKeys, publicPart, () => this.find(publicPart));
    if (!found) return null;
    const { value: row, ageMs } = found;
    const now = row.now.getTime() + ageMs;
    if (row.revoked_at || (row.expires_at && row.expires_at.getTime() <= now)) return null;
    const current = row.public_part === publicPart;
    const expected = current ? row.hash : row.previous_hash;
    if (!expected || !sameHash(expected, hash)) return null;
    if (!current && (row.previous_until?.getTime() ?? 0) <= now) return null;
    if ((row.last_used_at?.getTime() ?? 0) <= now - 60_000) await this.noteUse(row);
    return { id: row.id, role: row.role, scopes: row.scopes, brand: brandOf(row) };
  }

  private async find(publicPart: string): Promise<Row | null> {
    const [row] = await this.db.beforeBrand<Row>('select *, now() as now from find_api_key($1)', [publicPart]);
    return row ?? null;
  }

  /** At most once a minute and key; of several instances the first writes. */
  private async noteUse(row: Row): Promise<void> {
    if (this.noted.has(row)) return;
    this.noted.add(row);
    const { id, brand_id } = row;
    await this.db.read(
      brand_id ?? allBrands,
      `update api_keys set last_used_at = now() where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
      [id],
    );
  }
}

const brandOf = ({ brand_id, brand_slug, brand_status }: Row): Credential['brand'] =>
  brand_id && brand_slug && brand_status ? { id: brand_id, slug: brand_slug, status: brand_status } : null;
