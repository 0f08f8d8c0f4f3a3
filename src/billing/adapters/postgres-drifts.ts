import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { type Drift, oneOfEachCause } from '../domain/drift';
import { Drifts } from '../ports/drifts';

@Injectable()
export class PostgresDrifts implements Drifts {
  constructor(private readonly db: Database) {}

  async seen(brandId: BrandId, subject: string, drifts: readonly Drift[], at: Date): Promise<void> {
    const causes = drifts.map(({ cause }) => cause);
    await this.db.manager.query(gone, [brandId, subject, causes]);
    if (causes.length > 0) await this.db.manager.query(seen, [brandId, subject, JSON.stringify(oneOfEachCause(drifts)), at]);
  }

  async subjects(brandId: BrandId): Promise<string[]> {
    const rows = await this.db.manager.query<{ subject: string }[]>(
      'select distinct subject from billing_drift where brand_id = $1 order by subject',
      [brandId],
    );
    return rows.map(({ subject }) => subject);
  }
}

const gone = 'delete from billing_drift where brand_id = $1 and subject = $2 and cause <> all ($3::text[])';

const seen = `
  insert into billing_drift (brand_id, subject, cause, detail, first_seen_at, last_seen_at)
  select $1, $2, cause, detail, $4, $4 from jsonb_to_recordset($3) as drift (cause text, detail text) order by cause
      on conflict (brand_id, subject, cause) do update set detail = excluded.detail, last_seen_at = excluded.last_seen_at`;
