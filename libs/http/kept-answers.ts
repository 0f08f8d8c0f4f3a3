import { Injectable } from '@nestjs/common';
import type { AllBrands, BrandId } from '../kernel/brand-id';
import { Database } from '../persistence/database';
import { Vault } from '../vault/vault';
import { IdempotencyKeyReused } from './refusals';

/** Within which a key is one key: elsewhere the same text is another. */
export interface KeyScope {
  readonly brandId: BrandId;
  readonly credentialId: string;
  readonly method: string;
  readonly route: string;
  readonly key: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly text: string;
}

interface Row {
  readonly request_hash: Buffer;
  readonly status: number;
  readonly answer: Buffer;
}

/** What requests with an Idempotency-Key were answered. All of it joins the open unit of work. */
@Injectable()
export class KeptAnswers {
  constructor(
    private readonly db: Database,
    private readonly vault: Vault,
  ) {}

  /** Whether nobody else is at work on the key just now; then nobody else will be until the unit of work ends. */
  async claim(scope: KeyScope): Promise<boolean> {
    const sql = 'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as free';
    const [row] = await this.db.manager.query<[{ free: boolean }]>(sql, [nameOf(scope)]);
    return row.free;
  }

  /** @throws IdempotencyKeyReused, CannotOpen */
  async find(scope: KeyScope, requestHash: Buffer): Promise<KeptAnswer | null> {
    const [row] = await this.db.manager.query<Row[]>(
      `select request_hash, status, answer from idempotency_keys
        where brand_id = $1 and credential_id = $2 and method = $3 and route = $4 and key = $5`,
      columnsOf(scope),
    );
    if (!row) return null;
    if (!row.request_hash.equals(requestHash)) throw new IdempotencyKeyReused();
    return { status: row.status, text: this.vault.open(row.answer, nameOf(scope)) };
  }

  /** Sealed, because an answer may hold a secret that is told only once. */
  async keep(scope: KeyScope, requestHash: Buffer, { status, text }: KeptAnswer): Promise<void> {
    await this.db.manager.query(
      `insert into idempotency_keys (brand_id, credential_id, method, route, key, request_hash, status, answer, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [...columnsOf(scope), requestHash, status, this.vault.seal(text, nameOf(scope)), this.db.now()],
    );
  }

  /** Forgets some of what was answered longer ago than that. Answers whether there may be more of it. */
  forget(reach: AllBrands, hours: number, limit = 1000): Promise<boolean> {
    return this.db.run(reach, async () => {
      const before = new Date(this.db.now().getTime() - hours * 3_600_000);
      const [row] = await this.db.manager.query<[{ gone: number }]>(
        `with gone as (
           delete from idempotency_keys
            where ctid = any(array(select ctid from idempotency_keys where created_at < $1 order by created_at limit $2))
           returning 1
         )
         select count(*)::int as gone from gone`,
        [before, limit],
      );
      return row.gone === limit;
    });
  }
}

const columnsOf = ({ brandId, credentialId, method, route, key }: KeyScope): string[] => [brandId, credentialId, method, route, key];
const nameOf = (scope: KeyScope): string => JSON.stringify(['idempotency', ...columnsOf(scope)]);
