import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { newId, publicId } from '../../../libs/kernel/id';
import type { Metadata } from '../../../libs/kernel/json';
import { LicenseActivated, SeatDeactivated, type SeatFacts } from './events';

export interface ActivationState {
  readonly brandId: BrandId;
  readonly id: string;
  readonly licenseId: string;
  /** What the product calls the place it runs in: a site's address, a machine's fingerprint. */
  readonly instanceId: string;
  readonly instanceName: string | null;
  readonly metadata: Metadata;
  readonly activatedAt: Date;
  readonly lastSeenAt: Date;
  /** null while the seat is held. */
  readonly deactivatedAt: Date | null;
}

/** What an instance tells of itself. */
export interface Instance {
  readonly id: string;
  readonly name?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** The license whose seat it is, with the seat counted already: the shape needed of it. */
export interface Seating {
  readonly brandId: BrandId;
  readonly id: string;
  readonly version: number;
  readonly productCode: string;
  readonly seatLimit: number | null;
  readonly seatsUsed: number;
}

/** An instance in a seat of a license. An instance that left and comes back gets the same activation again. */
export class Activation extends Aggregate<ActivationState> {
  static open(license: Seating, { id: instanceId, name, metadata = {} }: Instance, at: Date): Activation {
    const activation = new Activation({
      brandId: license.brandId,
      id: newId(),
      licenseId: license.id,
      instanceId,
      instanceName: name ?? null,
      metadata,
      activatedAt: at,
      lastSeenAt: at,
      deactivatedAt: null,
    });
    activation.record(new LicenseActivated(license.brandId, at, activation.facts(license)));
    return activation;
  }

  get holdsSeat(): boolean {
    return this.state.deactivatedAt === null;
  }

  restore(license: Seating, instance: Instance, at: Date): void {
    this.change({ activatedAt: at, deactivatedAt: null });
    this.seen(instance, at);
    this.record(new LicenseActivated(license.brandId, at, this.facts(license)));
  }

  /** The instance asked again; what it tells anew replaces what it told before. */
  seen({ name = this.state.instanceName ?? undefined, metadata = this.state.metadata }: Instance, at: Date): void {
    this.change({ instanceName: name ?? null, metadata, lastSeenAt: at });
  }

  end(license: Seating, at: Date): void {
    this.change({ deactivatedAt: at });
    this.record(new SeatDeactivated(license.brandId, at, this.facts(license)));
  }

  private facts({ id, version, productCode, seatLimit, seatsUsed }: Seating): SeatFacts {
    return {
      id: publicId('activation', this.state.id),
      license_id: publicId('license', id),
      license_version: version,
      product_code: productCode,
      instance_id: this.state.instanceId,
      seats: { limit: seatLimit, used: seatsUsed, remaining: seatLimit === null ? null : Math.max(0, seatLimit - seatsUsed) },
    };
  }
}
