import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { DomainError } from '../../../libs/kernel/domain-error';
import type { DomainEvent } from '../../../libs/kernel/domain-event';
import { AuditLog } from '../../../libs/persistence/audit-log';
import { Batches, type Outcome } from '../../../libs/persistence/batches';
import { Database } from '../../../libs/persistence/database';
import type { Lane, Statement } from '../../../libs/persistence/lane';
import { Outbox } from '../../../libs/persistence/outbox';
import { type Provenance, provenance, runAs } from '../../../libs/persistence/provenance';
import { isContended, isUnavailable } from '../../../libs/persistence/sql-state';
import { Metrics } from '../../../libs/telemetry/metrics';
import { License, LicenseDesk, LicenseNotFound, type LicenseState, ProductMismatch } from '../../licenses';
import { Activation, type ActivationState } from '../domain/activation';
import { type Decided, type Decision, type SeatCall, Seats } from '../ports/seats';
import { SeatsOneByOne } from './seats-one-by-one';

interface Call extends SeatCall {
  readonly decision: Decision;
  readonly by: Provenance | undefined;
}

/** A lock that is not to be had so soon is left to the calls that need it: the others do not wait for it. */
const lockMs = 100;
/** So long those wait, twice. */
const patientLockMs = 1_500;
/** Whose calls wait for the same license. */
const lineOf = ({ key, productCode }: SeatCall): string => `${key.canonical} ${productCode}`;

/**
 * Calls of a brand that come at the same time share a transaction: their licenses are locked, in one order everywhere, then the instances
 * are read, then each call is decided upon what those before it left, and all of it is written. Three round trips, however many they are.
 */
@Injectable()
export class PostgresSeats implements Seats {
  private readonly batches: Batches<BrandId, Call, Decided>;
  /** Of a license that somebody holds, all calls wait together, on one connection: the rest of the pool is for the others. */
  private readonly lines = new Batches<string, Call, Decided>((_, calls) => this.patiently(calls), { lanes: 1, allLanes: 3 });

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
    private readonly licenses: LicenseDesk,
    private readonly oneByOne: SeatsOneByOne,
    metrics: Metrics,
  ) {
    this.batches = new Batches((brandId, calls) => this.together(brandId, calls), { sized: (size) => metrics.batch('seats', size) });
  }

  decide(call: SeatCall, decision: Decision): Promise<Decided> {
    const by = provenance();
    if (this.db.isOpen || this.audit.concerns(by)) return this.oneByOne.decide(call, decision);
    const [mine, line] = [{ ...call, decision, by }, lineOf(call)];
    return this.lines.has(line) ? this.lines.add(line, mine) : this.batches.add(call.key.brandId, mine);
  }

  /** A batch that fails as a whole is done call by call, so that a bad one never fails its neighbours; a lock is waited for in its line. */
  private async together(brandId: BrandId, calls: Call[]): Promise<Outcome<Decided>[]> {
    try {
      return await this.decideTogether(brandId, calls, lockMs);
    } catch (error) {
      if (isContended(error)) return calls.map((call) => () => this.lines.add(lineOf(call), call));
      return this.eachAlone(calls, error);
    }
  }

  private async patiently(calls: Call[], again = true): Promise<Outcome<Decided>[]> {
    try {
      return await this.decideTogether(calls[0]!.key.brandId, calls, patientLockMs);
    } catch (error) {
      if (isContended(error) && again) return this.patiently(calls, false);
      return this.eachAlone(calls, error);
    }
  }

  private eachAlone(calls: Call[], error: unknown): Outcome<Decided>[] {
    if (isUnavailable(error)) throw error;
    return calls.map((call) => () => runAs(call.by ?? nobody, () => this.oneByOne.decide(call, call.decision)));
  }

  private async decideTogether(brandId: BrandId, calls: Call[], lockMs: number): Promise<Outcome<Decided>[]> {
    const decisions = await this.db.share(brandId, lockMs, (lane, now) => this.decideAll(brandId, calls, lane, now));
    this.outbox.tell(decisions.flatMap(({ events }) => events));
    return decisions.map(({ outcome }) => outcome);
  }

  private async decideAll(brandId: BrandId, calls: Call[], lane: Lane, now: Promise<Date>): Promise<Made[]> {
    const held = await this.hold(brandId, calls, lane, now);
    const ids = held.map((license) => (license instanceof Error ? null : license.id));
    const known = await lane.ask<ActivationState>(readInstances, [brandId, ids, calls.map(({ instanceId }) => instanceId)]);
    const round = new Round(held, known, await now);
    const made = calls.map((call, n) => round.decide(call, held[n]!));
    if (round.counted.size > 0) void lane.ask(countSeats, [JSON.stringify(round.counts())]);
    if (round.changed.size > 0) void lane.ask(keepActivations, [JSON.stringify(round.activationsChanged())]);
    this.outbox.lay(lane, made);
    return made;
  }

  /** The license that each call is about, locked; or why there is none. */
  private async hold(brandId: BrandId, calls: Call[], lane: Lane, now: Promise<Date>): Promise<(LicenseState | Error)[]> {
    const asked = calls.flatMap(({ key, productCode }, n) => this.licenses.hashesOf(key).map((hash) => ({ n, hash, productCode })));
    const columns = [asked.map(({ n }) => n), asked.map(({ hash }) => hash), asked.map(({ productCode }) => productCode)];
    const rows = await lane.ask<LicenseState & { n: number; until: Date | null }>(holdLicenses, [brandId, ...columns]);
    const at = await now;
    const found = new Map<number, LicenseState>();
    for (const { n, until, ...license } of rows) if (!until || until > at) found.set(n, license);
    return calls.map((_, n) => {
      const license = found.get(n);
      if (!license) return new LicenseNotFound();
      return license.id ? license : new ProductMismatch();
    });
  }
}

/** The licenses and activations of a batch: each call finds them as those before it left them. */
class Round {
  /** Which of them the calls changed. */
  readonly counted = new Set<string>();
  readonly changed = new Set<string>();
  private readonly licenses = new Map<string, LicenseState>();
  private readonly activations = new Map<string, ActivationState>();

  constructor(
    held: readonly (LicenseState | Error)[],
    known: readonly ActivationState[],
    private readonly at: Date,
  ) {
    for (const license of held) if (!(license instanceof Error)) this.licenses.set(license.id, license);
    for (const activation of known) this.activations.set(seatOf(activation.licenseId, activation.instanceId), activation);
  }

  decide({ decision, instanceId, by }: Call, about: LicenseState | Error): Made {
    if (about instanceof Error) return refused(about);
    const before = this.licenses.get(about.id)!;
    const seat = seatOf(before.id, instanceId);
    const sitting = this.activations.get(seat);
    const license = new License(before);
    try {
      const activation = decision(license, sitting ? new Activation(sitting) : null, this.at);
      if (license.state.version !== before.version) this.counted.add(before.id);
      this.licenses.set(before.id, license.state);
      if (activation) {
        this.changed.add(seat);
        this.activations.set(seat, activation.state);
      }
      return { outcome: () => ({ license: license.state, activation }), events: activation?.releaseEvents() ?? [], by };
    } catch (error) {
      if (error instanceof DomainError) return refused(error);
      throw error;
    }
  }

  counts(): object[] {
    return [...this.counted].map((name) => {
      const { brandId, id, seatsUsed, seatCeiling, version, updatedAt } = this.licenses.get(name)!;
      return { brandId, id, seatsUsed, seatCeiling, version, updatedAt };
    });
  }

  activationsChanged(): ActivationState[] {
    return [...this.changed].map((name) => this.activations.get(name)!);
  }
}

const seatOf = (licenseId: string, instanceId: string): string => `${licenseId} ${instanceId}`;

interface Made {
  readonly outcome: Outcome<Decided>;
  readonly events: readonly DomainEvent[];
  readonly by: Provenance | undefined;
}

const nobody: Provenance = { requestId: null, actor: null };

function refused(error: Error): Made {
  const outcome = (): never => {
    throw error;
  };
  return { outcome, events: [], by: undefined };
}

/**
 * First which license, then its lock, then its row as it is behind the lock; in the order of their ids, so that no two batches wait for
 * each other. A key found by what it was before its reissue says until when that counts.
 */
export const holdLicenses: Statement = {
  name: 'hold licenses',
  text: `
    with found as materialized (
      select asked.n, key.until,
             (select id from licenses
               where brand_id = $1 and license_key_id = key.id and product_code = asked.product_code
               order by status = 'cancelled', id desc limit 1) as license_id
        from unnest($2::int[], $3::bytea[], $4::text[]) as asked (n, hash, product_code)
       cross join lateral (
         select id, null::timestamptz as until from license_keys where brand_id = $1 and hash = asked.hash
         union all
         select id, previous_until from license_keys where brand_id = $1 and previous_hash = asked.hash
       ) as key
       order by license_id
    )
    select found.n, found.until, license.*
      from found
      left join lateral (
        select brand_id as "brandId", id, license_key_id as "licenseKeyId", product_id as "productId", product_code as "productCode",
               customer_email as "customerEmail", status, starts_at as "startsAt", expires_at as "expiresAt", grace_days as "graceDays",
               seat_limit as "seatLimit", seats_used as "seatsUsed", seat_ceiling as "seatCeiling", entitlements, metadata, origin, renews,
               noticed_until as "noticedUntil", next_notice_at as "nextNoticeAt", version, created_at as "createdAt", updated_at as "updatedAt"
          from licenses where brand_id = $1 and id = found.license_id
           for no key update
      ) as license on true`,
};

/** A statement of its own, behind the locks: it sees what those who held them before have done. */
export const readInstances: Statement = {
  name: 'read instances',
  text: `
    select instance.*
      from unnest($2::uuid[], $3::text[]) as asked (license_id, instance_id)
     cross join lateral (
       select brand_id as "brandId", id, license_id as "licenseId", instance_id as "instanceId", instance_name as "instanceName", metadata,
              activated_at as "activatedAt", last_seen_at as "lastSeenAt", deactivated_at as "deactivatedAt"
         from activations
        where brand_id = $1 and license_id = asked.license_id and instance_id = asked.instance_id
        limit 1
     ) as instance`,
};

export const countSeats: Statement = {
  name: 'count seats',
  text: `
    update licenses set seats_used = new."seatsUsed", seat_ceiling = new."seatCeiling", version = new.version, updated_at = new."updatedAt"
      from jsonb_to_recordset($1) as new ("brandId" uuid, id uuid, "seatsUsed" int, "seatCeiling" int, version int, "updatedAt" timestamptz)
     where licenses.brand_id = new."brandId" and licenses.id = new.id`,
};

export const keepActivations: Statement = {
  name: 'keep activations',
  text: `
    insert into activations (brand_id, id, license_id, instance_id, instance_name, metadata, activated_at, last_seen_at, deactivated_at)
    select "brandId", id, "licenseId", "instanceId", "instanceName", metadata, "activatedAt", "lastSeenAt", "deactivatedAt"
      from jsonb_to_recordset($1) as new ("brandId" uuid, id uuid, "licenseId" uuid, "instanceId" text, "instanceName" text, metadata jsonb,
                                          "activatedAt" timestamptz, "lastSeenAt" timestamptz, "deactivatedAt" timestamptz)
        on conflict (brand_id, id) do update
       set instance_name = excluded.instance_name, metadata = excluded.metadata, activated_at = excluded.activated_at,
           last_seen_at = excluded.last_seen_at, deactivated_at = excluded.deactivated_at`,
};
