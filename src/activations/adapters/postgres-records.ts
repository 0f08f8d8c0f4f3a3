import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Batches, type Outcome } from '../../../libs/persistence/batches';
import { Database } from '../../../libs/persistence/database';
import type { Statement } from '../../../libs/persistence/lane';
import { Metrics } from '../../../libs/telemetry/metrics';
import { type KeyInHand, LicenseDesk, type LicenseOnRecord } from '../../licenses';
import { type HeldSeat, type OnRecord, Records } from '../ports/records';

interface Call {
  readonly key: KeyInHand;
  readonly instanceId: string | undefined;
}

/** Nothing here waits for a lock; a server where something does is in trouble. */
const lockMs = 100;

/** Questions of a brand that come at the same time share a statement and its round trip. */
@Injectable()
export class PostgresRecords implements Records {
  private readonly batches: Batches<BrandId, Call, OnRecord>;

  constructor(
    private readonly db: Database,
    private readonly licenses: LicenseDesk,
    metrics: Metrics,
  ) {
    this.batches = new Batches((brandId, calls) => this.together(brandId, calls), { sized: (size) => metrics.batch('records', size) });
  }

  about(key: KeyInHand, instanceId: string | undefined): Promise<OnRecord> {
    return this.batches.add(key.brandId, { key, instanceId });
  }

  private async together(brandId: BrandId, calls: Call[]): Promise<Outcome<OnRecord>[]> {
    const [numbers, hashes, instances]: [number[], Buffer[], (string | null)[]] = [[], [], []];
    calls.forEach(({ key, instanceId = null }, number) => {
      for (const hash of this.licenses.hashesOf(key)) {
        numbers.push(number);
        hashes.push(hash);
        instances.push(instanceId);
      }
    });
    // Not waited for inside: the question leaves with the commit behind it, and both are answered together.
    const answered = await this.db.share(brandId, lockMs, (lane, now) => ({
      rows: lane.ask<Row>(readRecords, [brandId, numbers, hashes, instances]),
      now,
    }));
    const [rows, at] = [await answered.rows, await answered.now];
    const rowsOf = calls.map((): Row[] => []);
    for (const row of rows) if (!row.until || row.until > at) rowsOf[row.n]!.push(row);
    return rowsOf.map((mine) => () => recordOf(mine, at));
  }
}

/** A license of the key that was asked for, with the seat that the instance holds of it; without a license, a key that has none. */
interface Row extends LicenseOnRecord {
  readonly n: number;
  readonly hint: string;
  /** Until when the key counts by what it was before its reissue; null when it is the present one. */
  readonly until: Date | null;
  readonly seatId: string | null;
  readonly instanceId: string;
  readonly activatedAt: Date;
}

function recordOf(rows: Row[], at: Date): OnRecord {
  const [first] = rows;
  if (!first) return { evidence: null, seats: [], at };
  const licenses = rows.filter(({ id }) => id !== null);
  if (licenses.length > 1) licenses.sort((one, other) => Number(one.status === 'cancelled') - Number(other.status === 'cancelled'));
  const seats = licenses.flatMap(({ id: licenseId, seatId, instanceId, activatedAt }): HeldSeat[] =>
    seatId === null ? [] : [{ id: seatId, licenseId, instanceId, activatedAt }],
  );
  return { evidence: { hint: first.hint, licenses }, seats, at };
}

export const readRecords: Statement = {
  name: 'read records',
  text: `
    select asked.n, key.hint, key.until, license.id, license.product_code as "productCode", license.status, license.starts_at as "startsAt",
           license.expires_at as "expiresAt", license.grace_days as "graceDays", license.seat_limit as "seatLimit",
           license.seats_used as "seatsUsed", license.entitlements,
           seat.id as "seatId", seat.instance_id as "instanceId", seat.activated_at as "activatedAt"
      from unnest($2::int[], $3::bytea[], $4::text[]) as asked (n, hash, instance_id)
     cross join lateral (
       select id, hint, null::timestamptz as until from license_keys where brand_id = $1 and hash = asked.hash
       union all
       select id, hint, previous_until from license_keys where brand_id = $1 and previous_hash = asked.hash
     ) as key
      left join lateral (
        select * from licenses where brand_id = $1 and license_key_id = key.id offset 0
      ) as license on true
      left join lateral (
        select id, instance_id, activated_at, deactivated_at from activations
         where brand_id = $1 and license_id = license.id and instance_id = asked.instance_id
         limit 1
      ) as seat on seat.deactivated_at is null
     order by license.id desc`,
};
