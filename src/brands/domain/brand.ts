import { Aggregate } from '../../../libs/kernel/aggregate';
import { type BrandId, newBrandId } from '../../../libs/kernel/brand-id';
import { publicId } from '../../../libs/kernel/id';
import { mergeMetadata, type Metadata } from '../../../libs/kernel/json';
import { SlugReserved } from './errors';
import { BrandCreated, BrandUpdated } from './events';

export type BrandStatus = 'active' | 'suspended';

/** How often a minute its credentials may call: each API key, each license key, each instance of a license key. null: as the installation has it. */
export interface BrandRateLimits {
  readonly apiKeyPerMinute: number | null;
  readonly licenseKeyPerMinute: number | null;
  readonly instancePerMinute: number | null;
}

export const noLimits: BrandRateLimits = { apiKeyPerMinute: null, licenseKeyPerMinute: null, instancePerMinute: null };

export interface BrandState extends BrandRateLimits {
  readonly id: BrandId;
  readonly slug: string;
  readonly name: string;
  readonly keyPrefix: string;
  readonly status: BrandStatus;
  readonly metadata: Metadata;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewBrand extends Pick<BrandState, 'slug' | 'name' | 'keyPrefix'> {
  readonly metadata?: Metadata | undefined;
  readonly rateLimits?: Partial<BrandRateLimits> | undefined;
}

export interface BrandChange {
  readonly name?: string | undefined;
  readonly status?: BrandStatus | undefined;
  readonly metadata?: Record<string, string | null> | undefined;
  readonly rateLimits?: Partial<BrandRateLimits> | undefined;
}

/** Words of the API's own paths: `/v1/brands/licenses` must not be somebody's brand. */
const reservedSlugs = new Set(['licenses', 'license-keys', 'brands', 'products', 'api-keys', 'activations', 'events', 'audit-logs', 'new']);

/** A tenant. Its slug and key prefix are fixed for ever: customers hold keys that begin with the prefix. */
export class Brand extends Aggregate<BrandState> {
  static create({ slug, name, keyPrefix, metadata = {}, rateLimits }: NewBrand, at: Date): Brand {
    if (reservedSlugs.has(slug)) throw new SlugReserved(slug);
    const brand = new Brand({
      id: newBrandId(),
      slug,
      name,
      keyPrefix,
      status: 'active',
      metadata,
      ...noLimits,
      ...rateLimits,
      version: 1,
      createdAt: at,
      updatedAt: at,
    });
    brand.record(new BrandCreated(brand.state.id, at, brand.facts()));
    return brand;
  }

  /** To what is there already changes nothing. */
  update({ name = this.state.name, status = this.state.status, metadata = {}, rateLimits }: BrandChange, at: Date): void {
    const wanted = { name, status, metadata: mergeMetadata(this.state.metadata, metadata), ...rateLimits };
    if (!this.alters(wanted)) return;
    this.change({ ...wanted, version: this.state.version + 1, updatedAt: at });
    this.record(new BrandUpdated(this.state.id, at, this.facts()));
  }

  private facts() {
    const { id, version, slug, name, keyPrefix, status } = this.state;
    return { id: publicId('brand', id), version, slug, name, key_prefix: keyPrefix, status };
  }
}
