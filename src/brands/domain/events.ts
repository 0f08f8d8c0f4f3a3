import { DomainEvent } from '../../../libs/kernel/domain-event';

/** The object as it is afterwards; `id` and `version` let a receiver drop stale news. */
interface BrandFacts {
  readonly id: string;
  readonly version: number;
  readonly slug: string;
  readonly name: string;
  readonly key_prefix: string;
  readonly status: string;
}

export class BrandCreated extends DomainEvent<BrandFacts> {
  readonly type = 'brand.created';
}
export class BrandUpdated extends DomainEvent<BrandFacts> {
  readonly type = 'brand.updated';
}

interface ProductFacts {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly name: string;
  readonly status: string;
}

export class ProductCreated extends DomainEvent<ProductFacts> {
  readonly type = 'product.created';
}
export class ProductUpdated extends DomainEvent<ProductFacts> {
  readonly type = 'product.updated';
}
