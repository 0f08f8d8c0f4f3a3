import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { type AuditRow, columns, type Head, type Seal } from '../domain/audit-chain';
import type { Waiting } from '../domain/report';
import { AuditChain, type SealedRow } from '../ports/audit-chain';

/** Each column as text, and always the same text: JSON as PostgreSQL keeps it, times in UTC to the microsecond. */
const asText = columns
  .map((column) =>
    column === 'occurred_at'
      ? `to_char(l.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at`
      : `l.${column}::text as ${column}`,
  )
  .join(', ');
const seal = `s.audit_log_id as "sealOf", s.sequence::float8 as sequence, s.hash, s.signature, s.key_version as "keyVersion"`;
const head = `sequence::float8 as sequence, hash, signature, key_version as "keyVersion", signed_at as "signedAt"`;

type SealRow = Omit<Seal, 'id'> & { readonly sealOf: string };
const sealIn = ({ sealOf, sequence, hash, signature, keyVersion }: SealRow): Seal => ({
  id: sealOf,
  sequence,
  hash,
  signature,
  keyVersion,
});
const rowIn = (found: AuditRow): AuditRow => {
  const members = columns.map((column) => [column, found[column]]);
  return Object.fromEntries(members) as AuditRow;
};

@Injectable()
export class PostgresAuditChain implements AuditChain {
  constructor(private readonly db: Database) {}

  async brandsWaiting(after: BrandId | null, limit: number): Promise<BrandId[]> {
    // From brand to brand by the index, however many rows wait in each.
    const rows = await this.query<{ brand: BrandId }>(
      `with recursive next (brand) as (
         (select brand_id from audit_seals where sequence is null and ($1::uuid is null or brand_id > $1) order by brand_id limit 1)
         union all
         select (select brand_id from audit_seals where sequence is null and brand_id > brand order by brand_id limit 1) from next
          where brand is not null
       )
       select brand from next where brand is not null limit $2`,
      [after, limit],
    );
    return rows.map(({ brand }) => brand);
  }

  async brandAfter(brand: BrandId | null): Promise<BrandId | null> {
    const next = ['audit_logs', 'audit_seals', 'audit_heads'].map(
      (table) => `(select brand_id from ${table} where $1::uuid is null or brand_id > $1 order by brand_id limit 1)`,
    );
    const [row] = await this.query<{ brand: BrandId }>(
      `select brand_id as brand from (${next.join(' union all ')}) next order by 1 limit 1`,
      [brand],
    );
    return row?.brand ?? null;
  }

  async hold(brandId: BrandId, first: Head): Promise<Head | null> {
    await this.query(
      `insert into audit_heads (brand_id, sequence, hash, signature, key_version, signed_at) values ($1, $2, $3, $4, $5, $6)
       on conflict do nothing`,
      [brandId, first.sequence, first.hash, first.signature, first.keyVersion, first.signedAt],
    );
    const [held] = await this.query<Head>(`select ${head} from audit_heads where brand_id = $1 for update skip locked`, [brandId]);
    return held ?? null;
  }

  async unsealed(brandId: BrandId, limit: number): Promise<AuditRow[]> {
    const rows = await this.query<AuditRow>(
      `select ${asText} from (
         select l.* from audit_seals s join audit_logs l on l.brand_id = s.brand_id and l.id = s.audit_log_id
          where s.brand_id = $1 and s.sequence is null order by s.audit_log_id limit $2
       ) l order by l.position`,
      [brandId, limit],
    );
    return rows.map(rowIn);
  }

  async append(brandId: BrandId, seals: readonly Seal[], { sequence, hash, signature, keyVersion, signedAt }: Head): Promise<void> {
    const list = (member: keyof Seal) => seals.map((one) => one[member]);
    const [sealed] = await this.query<{ count: number }>(
      `with given as (
         select * from unnest($2::uuid[], $3::bigint[], $4::bytea[], $5::bytea[], $6::int[]) as t (id, sequence, hash, signature, key_version)
       ), sealed as (
         update audit_seals s set sequence = given.sequence, hash = given.hash, signature = given.signature, key_version = given.key_version
           from given where s.brand_id = $1 and s.audit_log_id = given.id and s.sequence is null returning s.audit_log_id
       )
       select count(*)::int as count from sealed`,
      [brandId, list('id'), list('sequence'), list('hash'), list('signature'), list('keyVersion')],
    );
    if (sealed?.count !== seals.length) throw new Error('A row was sealed by somebody who did not hold the head');
    await this.query(
      `update audit_heads set sequence = $2, hash = $3, signature = $4, key_version = $5, signed_at = $6 where brand_id = $1`,
      [brandId, sequence, hash, signature, keyVersion, signedAt],
    );
  }

  async head(brandId: BrandId): Promise<Head | null> {
    const [row] = await this.query<Head>(`select ${head} from audit_heads where brand_id = $1`, [brandId]);
    return row ?? null;
  }

  async sealedAfter(brandId: BrandId, sequence: number, limit: number): Promise<SealedRow[]> {
    const rows = await this.query<SealRow & AuditRow>(
      `select ${seal}, ${asText} from audit_seals s left join audit_logs l on l.brand_id = s.brand_id and l.id = s.audit_log_id
        where s.brand_id = $1 and s.sequence > $2 order by s.sequence limit $3`,
      [brandId, sequence, limit],
    );
    return rows.map((row) => ({ ...sealIn(row), row: row.id === null ? null : rowIn(row) }));
  }

  async sealsAfter(brandId: BrandId, sequence: number, limit: number): Promise<Seal[]> {
    const sql = `select ${seal} from audit_seals s where s.brand_id = $1 and s.sequence > $2 order by s.sequence limit $3`;
    return (await this.query<SealRow>(sql, [brandId, sequence, limit])).map(sealIn);
  }

  async beyondHead(brandId: BrandId): Promise<Seal | null> {
    const [row] = await this.query<SealRow>(
      `select ${seal} from audit_seals s join audit_heads h on h.brand_id = s.brand_id
        where s.brand_id = $1 and s.sequence > h.sequence order by s.sequence limit 1`,
      [brandId],
    );
    return row ? sealIn(row) : null;
  }

  async hasRowFrom(brandId: BrandId, sequence: number): Promise<boolean> {
    const rows = await this.query(
      `select from audit_seals s join audit_logs l on l.brand_id = s.brand_id and l.id = s.audit_log_id
        where s.brand_id = $1 and s.sequence >= $2 limit 1`,
      [brandId, sequence],
    );
    return rows.length > 0;
  }

  async withoutSeal(brandId: BrandId, after: string | null, limit: number): Promise<{ found: string | null; next: string | null }> {
    const [row] = await this.query<{ found: string | null; last: string | null; count: number }>(
      `select (array_agg(l.id order by l.id) filter (where s.audit_log_id is null))[1] as found,
              (array_agg(l.id order by l.id desc))[1] as last, count(*)::int as count
         from (select id from audit_logs where brand_id = $1 and ($2::uuid is null or id > $2) order by id limit $3) l
         left join audit_seals s on s.brand_id = $1 and s.audit_log_id = l.id`,
      [brandId, after, limit],
    );
    return { found: row!.found, next: row!.count < limit ? null : row!.last };
  }

  async goneUnsealed(brandId: BrandId): Promise<string | null> {
    const [row] = await this.query<{ id: string }>(
      `select s.audit_log_id as id from audit_seals s
        where s.brand_id = $1 and s.sequence is null
          and not exists (select from audit_logs l where l.brand_id = s.brand_id and l.id = s.audit_log_id)
        order by s.audit_log_id limit 1`,
      [brandId],
    );
    return row?.id ?? null;
  }

  async waiting(brandId: BrandId): Promise<Waiting> {
    const [row] = await this.query<Waiting>(
      `select count(*)::int as count, coalesce(min(l.occurred_at) < $2::timestamptz - interval '1 minute', false) as "isLate"
         from audit_seals s join audit_logs l on l.brand_id = s.brand_id and l.id = s.audit_log_id
        where s.brand_id = $1 and s.sequence is null`,
      [brandId, this.db.now()],
    );
    return row!;
  }

  async firstSince(brandId: BrandId, since: Date, after: number, limit: number): Promise<{ found: number | null; next: number | null }> {
    const [row] = await this.query<{ found: number | null; last: number | null; count: number }>(
      `select min(s.sequence) filter (where l.occurred_at >= $2)::float8 as found, max(s.sequence)::float8 as last, count(*)::int as count
         from (select sequence, audit_log_id from audit_seals where brand_id = $1 and sequence > $3 order by sequence limit $4) s
         left join audit_logs l on l.brand_id = $1 and l.id = s.audit_log_id`,
      [brandId, since, after, limit],
    );
    return { found: row!.found, next: row!.count < limit ? null : row!.last };
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.db.manager.query<Row[]>(sql, parameters);
  }
}
