import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { EventsHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { type BrandRateLimits, noLimits } from '../domain/brand';
import { BrandUpdated } from '../domain/events';
import { BrandLimits } from '../ports/brand-limits';

interface Known {
  readonly limits: BrandRateLimits;
  readonly askedAt: number;
}

const freshMs = 5_000;
/** A database that hangs must not be waited for here and then again by the request itself. */
const patienceMs = 200;

/** Asks for each brand at most once in five seconds. There are few brands, so what is known of them is kept. */
@Injectable()
@EventsHandler(BrandUpdated)
export class PostgresBrandLimits implements BrandLimits {
  private readonly known = new Map<BrandId, Known>();
  private readonly asking = new Map<BrandId, Promise<BrandRateLimits>>();

  constructor(private readonly db: Database) {}

  of(brandId: BrandId): BrandRateLimits | Promise<BrandRateLimits> {
    const known = this.known.get(brandId);
    if (known && performance.now() - known.askedAt < freshMs) return known.limits;
    const last = known?.limits ?? noLimits;
    const asked = this.asking.get(brandId) ?? this.ask(brandId, last);
    return Promise.race([asked, sleep(patienceMs, last, { ref: false })]);
  }

  /** Changed through this instance they hold at once. */
  handle({ brandId }: BrandUpdated): void {
    this.known.delete(brandId);
  }

  private ask(brandId: BrandId, last: BrandRateLimits): Promise<BrandRateLimits> {
    const askedAt = performance.now();
    const asked = this.read(brandId)
      .catch(() => last)
      .then((limits) => {
        this.known.set(brandId, { limits, askedAt });
        return limits;
      })
      .finally(() => this.asking.delete(brandId));
    this.asking.set(brandId, asked);
    return asked;
  }

  private async read(brandId: BrandId): Promise<BrandRateLimits> {
    const [row] = await this.db.read<BrandRateLimits>(
      brandId,
      `select api_key_per_minute as "apiKeyPerMinute", license_key_per_minute as "licenseKeyPerMinute", instance_per_minute as "instancePerMinute"
         from brands where id = $1`,
      [brandId],
    );
    return row ?? noLimits;
  }
}
