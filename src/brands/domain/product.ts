import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { newId, publicId } from '../../../libs/kernel/id';
import { type JsonObject, mergeMetadata, type Metadata } from '../../../libs/kernel/json';
import { ProductCreated, ProductUpdated } from './events';

export type ProductStatus = 'active' | 'archived';

/** What a new license of the product is given, unless the caller says otherwise. */
export interface ProductDefaults {
  /** null: as many seats as are asked for. */
  readonly seatLimit: number | null;
  /** null: for life. */
  readonly durationDays: number | null;
  readonly graceDays: number;
  readonly entitlements: JsonObject;
}

export interface ProductState extends ProductDefaults {
  readonly brandId: BrandId;
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly metadata: Metadata;
  readonly status: ProductStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type NewProduct = Pick<ProductState, 'code' | 'name'> & Partial<ProductDefaults & Pick<ProductState, 'metadata'>>;

export type ProductChange = Partial<ProductDefaults & Pick<ProductState, 'name' | 'status'>> & {
  readonly metadata?: Record<string, string | null>;
};

/** What a brand sells. Its code is fixed: clients send it with every question. */
export class Product extends Aggregate<ProductState> {
  static create(brandId: BrandId, asked: NewProduct, at: Date): Product {
    const product = new Product({
      brandId,
      id: newId(),
      seatLimit: 1,
      durationDays: 365,
      graceDays: 0,
      entitlements: {},
      metadata: {},
      ...asked,
      status: 'active',
      version: 1,
      createdAt: at,
      updatedAt: at,
    });
    product.record(new ProductCreated(brandId, at, product.facts()));
    return product;
  }

  /** Changes the defaults of licenses to come; those already provisioned keep what they were given. To what is there already changes nothing. */
  update({ metadata = {}, ...asked }: ProductChange, at: Date): void {
    const wanted = { ...asked, metadata: mergeMetadata(this.state.metadata, metadata) };
    if (!this.alters(wanted)) return;
    this.change({ ...wanted, version: this.state.version + 1, updatedAt: at });
    this.record(new ProductUpdated(this.state.brandId, at, this.facts()));
  }

  private facts() {
    const { id, version, code, name, status } = this.state;
    return { id: publicId('product', id), version, code, name, status };
  }
}
